import { type ClientMismatch, NewOtrMessage } from '#contract/client/messages.ts';
import { type BackendDomain, type ClientId, parseUuid, type UserId } from '#contract/ids.ts';
import { parseJson } from '#contract/json.ts';
import { type MismatchStrategy, maxCiphertextBytes, type NewMessage } from '#contract/messages.ts';
import { readLegacyMessage } from '#contract/protobuf/otr.ts';
import { refuse } from '#contract/refusal.ts';
import { compileParser, type RawBody } from '#contract/schema.ts';
import type { SendingResult } from './send-to-own.ts';

/** The old forms of messages, which know of one backend alone (reference client-api 5.1, 5.2). */

/** What may stand in the query: `true`, `false`, or user ids with commas between. */
export interface LegacyQuery {
  readonly ignore_missing?: string;
  readonly report_missing?: string;
}

let parser: ReturnType<typeof compileParser<typeof NewOtrMessage>> | undefined;

/** Reads either form. @throws Refusal `bad-request` */
export function readLegacyForm(
  { contentType, bytes }: RawBody,
  query: LegacyQuery,
  domain: BackendDomain,
): NewMessage {
  if (contentType !== 'application/json') {
    const { reportMissing, ...message } = readLegacyMessage(bytes, domain);
    const listed = reportMissing.length === 0 ? undefined : reportMissing;
    return { ...message, strategy: legacyStrategy(listed, query, domain) };
  }
  parser ??= compileParser(NewOtrMessage);
  const body = parser.parse(parseJson(bytes, 'body'), 'body');
  return {
    sender: body.sender,
    recipients: new Map([[domain, ciphertextsOf(body.recipients)]]),
    nativePush: body.native_push ?? true,
    nativePriority: body.native_priority ?? undefined,
    transient: body.transient ?? false,
    data: body.data == null ? undefined : canonical(body.data, 'data'),
    strategy: legacyStrategy(body.report_missing ?? undefined, query, domain),
  };
}

function ciphertextsOf(recipients: NewOtrMessage['recipients']): Map<UserId, Map<ClientId, string>> {
  return new Map(
    Object.entries(recipients).map(([user, texts]) => [
      user as UserId,
      new Map(
        Object.entries(texts).map(([client, text]) => [
          client as ClientId,
          canonical(text, `recipients.${user}.${client}`),
        ]),
      ),
    ]),
  );
}

/** Old clients are lax about base64; everybody else gets the one standard form. */
function canonical(text: string, name: string): string {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length > maxCiphertextBytes)
    throw refuse('bad-request', {
      message: `body.${name}: found ${bytes.length} bytes, expected at most ${maxCiphertextBytes}`,
    });
  return bytes.toString('base64');
}

/** Body before `ignore_missing` before `report_missing`; all missing clients are reported when nothing is said. */
function legacyStrategy(
  listed: readonly UserId[] | undefined,
  { ignore_missing, report_missing }: LegacyQuery,
  domain: BackendDomain,
): MismatchStrategy {
  const qualified = (users: readonly UserId[]) => users.map((id) => ({ domain, id }));
  if (listed !== undefined) return { tag: 'report-only', users: qualified(listed) };
  if (ignore_missing !== undefined) {
    const ignored = readChoice(ignore_missing, 'ignore_missing');
    if (typeof ignored === 'boolean') return { tag: ignored ? 'ignore-all' : 'report-all' };
    return { tag: 'ignore-only', users: qualified(ignored) };
  }
  const reported = report_missing === undefined || readChoice(report_missing, 'report_missing');
  if (typeof reported === 'boolean') return { tag: reported ? 'report-all' : 'ignore-all' };
  return { tag: 'report-only', users: qualified(reported) };
}

function readChoice(text: string, name: string): boolean | readonly UserId[] {
  if (text === 'true' || text === 'false') return text === 'true';
  return text.split(',').map((item) => {
    const id = parseUuid<UserId>(item.trim());
    if (id !== undefined) return id;
    throw refuse('bad-request', {
      message: `query.${name}: expected true, false or user ids with commas between`,
    });
  });
}

/** The own backend's part of a result. */
export function legacyResult({ status }: SendingResult, domain: BackendDomain): ClientMismatch {
  return {
    time: status.time,
    missing: status.missing[domain] ?? {},
    redundant: status.redundant[domain] ?? {},
    deleted: status.deleted[domain] ?? {},
  };
}
