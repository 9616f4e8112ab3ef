import {
  type BackendDomain,
  type ClientId,
  parseBackendDomain,
  parseUuid,
  type Qualified,
  type UserId,
} from '../ids.ts';
import type { LabelKey } from '../labels.ts';
import {
  type MessageMetadata,
  type MismatchStrategy,
  maxCiphertextBytes,
  type NewMessage,
} from '../messages.ts';
import { refuse } from '../refusal.ts';
import { WireFormatError, WireReader, WireWriter } from './wire-format.ts';

/** Proteus messages in Protocol Buffers, version 2 of the language (reference client-api 5.2). */

type Ciphertexts = Map<ClientId, string>;
type CiphertextsByUser = Map<UserId, Ciphertexts>;
type CiphertextsByDomain = Map<BackendDomain, CiphertextsByUser>;

/** A message of the legacy form: recipients of one backend, and a strategy only when the message has one. */
export interface LegacyMessage extends Omit<NewMessage, 'strategy'> {
  readonly reportMissing: readonly UserId[];
}

/**
 * Reads a `QualifiedNewOtrMessage`.
 * @throws Refusal `label` when it is none, or has no strategy.
 */
export function readQualifiedMessage(bytes: Uint8Array, label: LabelKey = 'bad-request'): NewMessage {
  return refusing(label, () => {
    const { strategy, reportMissing: _none, ...message } = readMessage(bytes, 'domains');
    if (strategy === undefined)
      throw new WireFormatError('client_mismatch_strategy: found nothing, expected one of the four');
    // The reference gives the event of this form a `data` member in any case.
    return { ...message, data: message.data ?? '', strategy };
  });
}

/**
 * Reads a `NewOtrMessage`, whose users are of `domain`.
 * @throws Refusal `bad-request` when it is none.
 */
export function readLegacyMessage(bytes: Uint8Array, domain: BackendDomain): LegacyMessage {
  return refusing('bad-request', () => {
    const { strategy: _none, ...message } = readMessage(bytes, domain);
    return message;
  });
}

function refusing<T>(label: LabelKey, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof WireFormatError)) throw cause;
    throw refuse(label, { message: `body.${cause.message}`, cause });
  }
}

interface Fields extends MessageMetadata {
  readonly sender: ClientId;
  readonly recipients: CiphertextsByDomain;
  readonly strategy: MismatchStrategy | undefined;
  readonly reportMissing: readonly UserId[];
}

/** Both forms have the same fields but for recipients and strategy. @param of the domain of all recipients, if one */
function readMessage(bytes: Uint8Array, of: BackendDomain | 'domains'): Fields {
  const reader = new WireReader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const recipients: CiphertextsByDomain = new Map();
  const reportMissing: UserId[] = [];
  let sender: ClientId | undefined;
  let strategy: MismatchStrategy | undefined;
  let [nativePush, transient] = [true, false];
  let nativePriority: MessageMetadata['nativePriority'];
  let data: string | undefined;
  while (reader.next()) {
    const { field } = reader;
    if (field === 1) sender = readClientId(reader.message('sender'));
    else if (field === 2 && of === 'domains') readDomainEntry(reader.message('recipients'), recipients);
    else if (field === 2) readUserEntry(reader.message('recipients'), at(recipients, of as BackendDomain));
    else if (field === 3) nativePush = reader.number('native_push') !== 0;
    else if (field === 4) data = reader.base64('blob', maxCiphertextBytes);
    else if (field === 5) nativePriority = readPriority(reader);
    else if (field === 6) transient = reader.number('transient') !== 0;
    else if (field === 7 && of !== 'domains')
      reportMissing.push(readUserId(reader.message('report_missing')));
    else if (field >= 7 && field <= 10 && of === 'domains') strategy = readStrategy(reader, strategy);
    else reader.skip();
  }
  if (sender === undefined) throw missing('sender');
  return { sender, recipients, nativePush, transient, nativePriority, data, strategy, reportMissing };
}

function readPriority(reader: WireReader): 'low' | 'high' {
  const value = reader.number('native_priority');
  if (value === 1) return 'low';
  if (value === 2) return 'high';
  throw new WireFormatError(`native_priority: found ${value}, expected 1 (low) or 2 (high)`);
}

const strategies = {
  7: 'report-all',
  8: 'ignore-all',
  9: 'report-only',
  10: 'ignore-only',
} as const;

/** The last of several counts; lists of the same kind are joined, as the language has it. */
function readStrategy(reader: WireReader, before: MismatchStrategy | undefined): MismatchStrategy {
  const tag = strategies[reader.field as keyof typeof strategies];
  const content = reader.message('client_mismatch_strategy');
  const users: Qualified<UserId>[] = [];
  while (content.next()) {
    if (content.field === 1 && (tag === 'report-only' || tag === 'ignore-only'))
      users.push(readQualifiedUserId(content.message('user_ids')));
    else content.skip();
  }
  if (tag === 'report-all' || tag === 'ignore-all') return { tag };
  return { tag, users: before?.tag === tag && 'users' in before ? [...before.users, ...users] : users };
}

function readQualifiedUserId(reader: WireReader): Qualified<UserId> {
  let id: UserId | undefined;
  let domain: BackendDomain | undefined;
  while (reader.next()) {
    if (reader.field === 1)
      id = mustBe('user_ids.id', 'a UUID', parseUuid<UserId>(reader.text('user_ids.id')));
    else if (reader.field === 2) domain = readDomain(reader, 'user_ids.domain');
    else reader.skip();
  }
  if (id === undefined) throw missing('user_ids.id');
  if (domain === undefined) throw missing('user_ids.domain');
  return { domain, id };
}

/** The domain may stand behind the entries. */
function readDomainEntry(reader: WireReader, all: CiphertextsByDomain): void {
  let domain: BackendDomain | undefined;
  const entries: CiphertextsByUser = new Map();
  while (reader.next()) {
    if (reader.field === 1) domain = readDomain(reader, 'recipients.domain');
    else if (reader.field === 2) readUserEntry(reader.message('recipients.entries'), entries);
    else reader.skip();
  }
  if (domain === undefined) throw missing('recipients.domain');
  const known = all.get(domain);
  if (known === undefined) all.set(domain, entries);
  else for (const [user, ciphertexts] of entries) join(at(known, user), ciphertexts);
}

function readUserEntry(reader: WireReader, users: CiphertextsByUser): void {
  let user: UserId | undefined;
  const ciphertexts: Ciphertexts = new Map();
  while (reader.next()) {
    if (reader.field === 1) user = readUserId(reader.message('recipients.user'));
    else if (reader.field === 2) readClientEntry(reader.message('recipients.clients'), ciphertexts);
    else reader.skip();
  }
  if (user === undefined) throw missing('recipients.user');
  const known = users.get(user);
  if (known === undefined) users.set(user, ciphertexts);
  else join(known, ciphertexts);
}

function readClientEntry(reader: WireReader, ciphertexts: Ciphertexts): void {
  let client: ClientId | undefined;
  let text: string | undefined;
  while (reader.next()) {
    if (reader.field === 1) client = readClientId(reader.message('recipients.client'));
    else if (reader.field === 2) text = reader.base64('recipients.text', maxCiphertextBytes);
    else reader.skip();
  }
  if (client === undefined) throw missing('recipients.client');
  if (text === undefined) throw missing('recipients.text');
  ciphertexts.set(client, text);
}

function readClientId(reader: WireReader): ClientId {
  let id: ClientId | undefined;
  while (reader.next()) {
    if (reader.field === 1) id = reader.uint64Hex('client') as ClientId;
    else reader.skip();
  }
  if (id === undefined) throw missing('client');
  return id;
}

function readUserId(reader: WireReader): UserId {
  let hex: string | undefined;
  while (reader.next()) {
    if (reader.field === 1) hex = reader.hex('uuid', 16);
    else reader.skip();
  }
  if (hex === undefined) throw missing('uuid');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as UserId;
}

function readDomain(reader: WireReader, name: string): BackendDomain {
  return mustBe(name, 'a domain', parseBackendDomain(reader.text(name)));
}

function mustBe<T>(name: string, what: string, value: T | undefined): T {
  if (value === undefined) throw new WireFormatError(`${name}: expected ${what}`);
  return value;
}

function missing(name: string): WireFormatError {
  return new WireFormatError(`${name}: found nothing, expected the required field`);
}

function at<K, L, V>(all: Map<K, Map<L, V>>, key: K): Map<L, V> {
  const known = all.get(key);
  if (known !== undefined) return known;
  const made = new Map<L, V>();
  all.set(key, made);
  return made;
}

function join(into: Ciphertexts, more: Ciphertexts): void {
  for (const [client, text] of more) into.set(client, text);
}

/** Writes a `QualifiedNewOtrMessage`, as clients do. */
export function writeQualifiedMessage(message: NewMessage): Buffer {
  const writer = new WireWriter().message(1, (inner) => inner.varint(1, message.sender));
  for (const [domain, users] of message.recipients)
    writer.message(2, (entry) => {
      entry.bytes(1, domain);
      for (const [user, ciphertexts] of users)
        entry.message(2, (inner) => writeUserEntry(inner, user, ciphertexts));
    });
  return writeStrategy(writeMetadata(writer, message), message.strategy).finish();
}

/** Writes a `NewOtrMessage`; the recipients of all domains become those of one. */
export function writeLegacyMessage(message: LegacyMessage): Buffer {
  const writer = new WireWriter().message(1, (inner) => inner.varint(1, message.sender));
  for (const users of message.recipients.values())
    for (const [user, ciphertexts] of users)
      writer.message(2, (inner) => writeUserEntry(inner, user, ciphertexts));
  writeMetadata(writer, message);
  for (const user of message.reportMissing) writer.message(7, (inner) => inner.bytes(1, uuidBytes(user)));
  return writer.finish();
}

function writeUserEntry(writer: WireWriter, user: UserId, ciphertexts: ReadonlyMap<ClientId, string>): void {
  writer.message(1, (inner) => inner.bytes(1, uuidBytes(user)));
  for (const [client, text] of ciphertexts)
    writer.message(2, (entry) =>
      entry.message(1, (inner) => inner.varint(1, client)).bytes(2, Buffer.from(text, 'base64')),
    );
}

function writeMetadata(writer: WireWriter, message: MessageMetadata): WireWriter {
  writer.varint(3, message.nativePush ? 1 : 0);
  if (message.data !== undefined) writer.bytes(4, Buffer.from(message.data, 'base64'));
  if (message.nativePriority !== undefined) writer.varint(5, message.nativePriority === 'low' ? 1 : 2);
  return writer.varint(6, message.transient ? 1 : 0);
}

const strategyFields = { 'report-all': 7, 'ignore-all': 8, 'report-only': 9, 'ignore-only': 10 } as const;

function writeStrategy(writer: WireWriter, strategy: MismatchStrategy): WireWriter {
  return writer.message(strategyFields[strategy.tag], (inner) => {
    if (!('users' in strategy)) return;
    for (const { domain, id } of strategy.users)
      inner.message(1, (user) => user.bytes(1, id).bytes(2, domain));
  });
}

function uuidBytes(id: UserId): Buffer {
  return Buffer.from(id.replaceAll('-', ''), 'hex');
}
