import { type KeyObject, sign, verify } from 'node:crypto';
import { type ClientId, parseUuid, type UserId } from '#contract/ids.ts';

/**
 * Tokens in wire-server's format (reference client-api 2.1), so that either backend's verifier reads the other's:
 *
 *     <signature>.v=1.k=<key>.d=<expiry>.t=<type>.l=<tag>.<body>
 *
 * The signature covers everything after the first dot. Fields are looked up by name and written again in their fixed
 * order to get the signed bytes: what is verified is what we understood, never the text as it came.
 */

/** `u` user cookie, `a` access, `b` bot, `p` provider, `la` and `lu` their legalhold forms. */
export type TokenBody =
  | {
      readonly type: 'a' | 'la';
      readonly userId: UserId;
      readonly clientId?: ClientId;
      readonly connection: string;
    }
  | {
      readonly type: 'u' | 'lu';
      readonly userId: UserId;
      readonly random: number;
      readonly clientId?: ClientId;
    }
  | { readonly type: 'b'; readonly provider: string; readonly bot: string; readonly conversation: string }
  | { readonly type: 'p'; readonly provider: string };

/** What a token says before its signature was looked at. */
export interface ParsedToken {
  readonly body: TokenBody;
  /** Number of the key that signed it, from 1. */
  readonly key: number;
  /** Unix seconds; -1: never. */
  readonly expires: number;
  /** The `s` tag: a session cookie. */
  readonly session: boolean;
  readonly signature: Uint8Array;
}

/** `falsified`: the signature does not verify; `expired`: it does, but the time is over. */
export type TokenState = 'valid' | 'expired' | 'falsified' | 'unknown-key';

export interface IssueOptions {
  readonly expires: number;
  readonly session?: boolean;
}

/** Public keys in the order of their numbers; the secret key that signs and its number. */
export interface ZauthKeys {
  readonly publicKeys: readonly KeyObject[];
  readonly active: { readonly key: number; readonly secret: KeyObject };
}

/** No token of ours comes near; longer text is not worth splitting. */
const maxTokenLength = 1024;
const signatureSyntax = /^[A-Za-z0-9_-]{86}==$/;
const maxUint32 = 0xffff_ffff;
const maxUint64 = (1n << 64n) - 1n;

/** Issues and checks tokens. Nothing in here throws on what a token says. */
export class Zauth {
  readonly #keys: ZauthKeys;

  constructor(keys: ZauthKeys) {
    this.#keys = keys;
  }

  /** Signs a token with the active key. */
  issue(body: TokenBody, options: IssueOptions): string {
    const { key, secret } = this.#keys.active;
    const text = writeSigned(body, { key, expires: options.expires, session: options.session ?? false });
    const signature = sign(null, Buffer.from(text), secret);
    return `${padded(signature)}.${text}`;
  }

  /** Checks key, signature and expiry, in this order, as wire-server does. */
  check(token: ParsedToken, nowSeconds: number): TokenState {
    const publicKey = this.#keys.publicKeys[token.key - 1];
    if (publicKey === undefined) return 'unknown-key';
    const signed = Buffer.from(writeSigned(token.body, token));
    if (!verify(null, signed, publicKey, token.signature)) return 'falsified';
    return token.expires === -1 || token.expires >= Math.floor(nowSeconds) ? 'valid' : 'expired';
  }

  /** The token when it is well-formed, signed by a known key and not expired; else undefined. */
  verify(text: string, nowSeconds: number): ParsedToken | undefined {
    const token = parseToken(text);
    return token !== undefined && this.check(token, nowSeconds) === 'valid' ? token : undefined;
  }
}

/** Reads a token of any type; undefined when it is malformed. The signature is not checked. */
export function parseToken(text: string): ParsedToken | undefined {
  if (text.length > maxTokenLength) return undefined;
  const [signatureText, ...parts] = text.split('.');
  const signature = parseSignature(signatureText ?? '');
  if (signature === undefined) return undefined;
  const fields = readFields(parts);
  const key = decimal(fields.get('k'), maxUint32);
  const expires = fields.get('d') === '-1' ? -1 : decimal(fields.get('d'), Number.MAX_SAFE_INTEGER);
  const body = readBody(fields);
  const tag = fields.get('l');
  if (fields.get('v') !== '1' || key === undefined || expires === undefined) return undefined;
  if (body === undefined || tag === undefined) return undefined;
  return { body, key, expires, session: tag === 's', signature };
}

/** Of a name that occurs twice the first counts, as in wire-server. */
function readFields(parts: readonly string[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const part of parts) {
    const equals = part.indexOf('=');
    const name = equals === -1 ? part : part.slice(0, equals);
    if (!fields.has(name)) fields.set(name, equals === -1 ? '' : part.slice(equals + 1));
  }
  return fields;
}

function readBody(fields: ReadonlyMap<string, string>): TokenBody | undefined {
  const type = fields.get('t');
  if (type === 'a' || type === 'la') return readAccess(type, fields);
  if (type === 'u' || type === 'lu') return readUser(type, fields);
  if (type === 'b') return readBot(fields);
  if (type !== 'p') return undefined;
  const provider = uuid(fields.get('p'));
  return provider && { type, provider };
}

function readAccess(type: 'a' | 'la', fields: ReadonlyMap<string, string>): TokenBody | undefined {
  const userId = uuid(fields.get('u'));
  const connection = uint64(fields.get('c'));
  const client = readClient(fields);
  if (userId === undefined || connection === undefined || client === undefined) return undefined;
  return { type, userId, ...client, connection };
}

function readUser(type: 'u' | 'lu', fields: ReadonlyMap<string, string>): TokenBody | undefined {
  const userId = uuid(fields.get('u'));
  const random = /^[0-9A-Fa-f]{1,8}$/.test(fields.get('r') ?? '') ? fields.get('r') : undefined;
  const client = readClient(fields);
  if (userId === undefined || random === undefined || client === undefined) return undefined;
  return { type, userId, random: Number.parseInt(random, 16), ...client };
}

function readBot(fields: ReadonlyMap<string, string>): TokenBody | undefined {
  const provider = uuid(fields.get('p'));
  const bot = uuid(fields.get('b'));
  const conversation = uuid(fields.get('c'));
  if (provider === undefined || bot === undefined || conversation === undefined) return undefined;
  return { type: 'b', provider, bot, conversation };
}

/** The client id without leading zeros; empty when the token has none, undefined when it is malformed. */
function readClient(fields: ReadonlyMap<string, string>): { readonly clientId?: ClientId } | undefined {
  const text = fields.get('i');
  if (text === undefined) return {};
  if (!/^[0-9A-Fa-f]{1,16}$/.test(text)) return undefined;
  return { clientId: BigInt(`0x${text}`).toString(16) as ClientId };
}

function writeSigned(
  body: TokenBody,
  header: { readonly key: number; readonly expires: number; readonly session: boolean },
): string {
  const tag = header.session ? 's' : '';
  return `v=1.k=${header.key}.d=${header.expires}.t=${body.type}.l=${tag}.${writeBody(body)}`;
}

function writeBody(body: TokenBody): string {
  switch (body.type) {
    case 'a':
    case 'la':
      return `u=${body.userId}${writeClient(body.clientId)}.c=${body.connection}`;
    case 'u':
    case 'lu':
      return `u=${body.userId}.r=${body.random.toString(16)}${writeClient(body.clientId)}`;
    case 'b':
      return `p=${body.provider}.b=${body.bot}.c=${body.conversation}`;
    case 'p':
      return `p=${body.provider}`;
  }
}

function writeClient(clientId: ClientId | undefined): string {
  return clientId === undefined ? '' : `.i=${clientId}`;
}

function parseSignature(text: string): Uint8Array | undefined {
  if (!signatureSyntax.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  // 86 characters carry four bits more than 64 bytes: only one spelling of a signature is accepted.
  return padded(bytes) === text ? bytes : undefined;
}

function padded(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('base64url');
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}

function uuid(text: string | undefined): UserId | undefined {
  return text === undefined ? undefined : parseUuid<UserId>(text);
}

function decimal(text: string | undefined, most: number): number | undefined {
  if (text === undefined || !/^(0|[1-9]\d{0,15})$/.test(text)) return undefined;
  const value = Number(text);
  return value <= most ? value : undefined;
}

function uint64(text: string | undefined): string | undefined {
  if (text === undefined || !/^(0|[1-9]\d{0,19})$/.test(text)) return undefined;
  return BigInt(text) <= maxUint64 ? text : undefined;
}
