import { AssetSettings } from '#contract/client/assets.ts';
import { parseJson } from '#contract/json.ts';
import { type Refusal, refuse } from '#contract/refusal.ts';
import { compileParser } from '#contract/schema.ts';
import type { ByteReader } from './byte-reader.ts';

/**
 * The body of an upload: two parts, each with its length, in this order (reference client-api 7.1). It is not MIME in
 * general: any line that starts with `--` separates, and the bytes are counted, never searched for a boundary.
 */

/** What the second part says of the file. */
export interface FileHead {
  readonly contentType: string;
  /** As announced: an integer, also one that makes no sense. */
  readonly length: number;
  /** Hex digits; when the client has told it. */
  readonly md5: string | undefined;
}

const maxLineBytes = 4096;
const maxSettingsBytes = 16 * 1024;
const settingsParser = compileParser(AssetSettings, 'client-error');

/** The first part. @throws Refusal `client-error` when it is not exactly as it must be */
export async function readSettings(reader: ByteReader): Promise<AssetSettings> {
  const first = await reader.line('a separator', maxLineBytes);
  mustSeparate(first === '' ? await reader.line('a separator', maxLineBytes) : first);
  const headers = await readHeaders(reader, ['content-type', 'content-length']);
  const type = needed(headers, 'content-type');
  if (mediaType(type) !== 'application/json')
    throw malformed(`the first part is ${shown(type)}, expected application/json`);
  const length = lengthOf(headers);
  if (length < 0 || length > maxSettingsBytes)
    throw malformed(`the first part has ${length} bytes, expected at most ${maxSettingsBytes}`);
  const chunks = await Array.fromAsync(reader.take(length, 'the first part'));
  return settingsParser.parse(parseJson(Buffer.concat(chunks), 'settings', 'client-error'), 'settings');
}

/** What stands before the bytes of the file. @throws Refusal `client-error` */
export async function readFileHead(reader: ByteReader): Promise<FileHead> {
  await mustEndLine(reader, 'the first part');
  mustSeparate(await reader.line('a second part', maxLineBytes));
  const headers = await readHeaders(reader, ['content-type', 'content-length', 'content-md5']);
  const contentType = needed(headers, 'content-type');
  if (mediaType(contentType) === undefined || contentType.length > 255)
    throw malformed(`content-type ${shown(contentType)} is not a media type`);
  return { contentType, length: lengthOf(headers), md5: md5Of(headers) };
}

/** What stands behind the bytes of the file: the end, and nothing else. @throws Refusal `client-error` */
export async function readEnd(reader: ByteReader): Promise<void> {
  await mustEndLine(reader, 'the second part');
  const last = await reader.lineOrEnd('the last separator', maxLineBytes);
  if (!/^--.*--\r?$/.test(last.text))
    throw malformed('the second part is not followed by the end, a line --…--');
  if (last.ended) return;
  const rest = await reader.lineOrEnd('the end', maxLineBytes);
  if (rest.text !== '' || !rest.ended) throw malformed('it goes on after the last separator');
}

function mustSeparate(line: string): void {
  if (!line.startsWith('--') || line.includes('\r')) throw malformed('a part does not start with a line --…');
}

async function mustEndLine(reader: ByteReader, part: string): Promise<void> {
  const rest = await reader.line(`the end of ${part}`, maxLineBytes);
  if (rest !== '') throw malformed(`${part} is longer than it says`);
}

type Headers = ReadonlyMap<string, string>;

/** Header lines until an empty one; each of the allowed ones at most once, and no other. */
async function readHeaders(reader: ByteReader, allowed: readonly string[]): Promise<Headers> {
  const headers = new Map<string, string>();
  for (;;) {
    const line = await reader.line('a header', maxLineBytes);
    if (line === '') return headers;
    const [, given = '', value = ''] = /^([A-Za-z0-9-]+):[ \t]*([\x20-\x7e]*)$/.exec(line) ?? [];
    const name = given.toLowerCase();
    if (name === '') throw malformed(`${shown(line)} is not a header`);
    if (!allowed.includes(name) || headers.has(name))
      throw malformed(`header ${name} is unexpected, expected each of ${allowed.join(', ')} once`);
    headers.set(name, value.trimEnd());
  }
}

function needed(headers: Headers, name: string): string {
  const value = headers.get(name);
  if (value === undefined) throw malformed(`header ${name} is missing`);
  return value;
}

function lengthOf(headers: Headers): number {
  const text = needed(headers, 'content-length');
  if (!/^-?\d{1,15}$/.test(text)) throw malformed(`content-length ${shown(text)} is not a number`);
  return Number(text);
}

function md5Of(headers: Headers): string | undefined {
  const text = headers.get('content-md5');
  if (text === undefined) return undefined;
  if (!/^[A-Za-z0-9+/]{22}==$/.test(text))
    throw malformed(`content-md5 ${shown(text)} is not the base64 of 16 bytes`);
  return Buffer.from(text, 'base64').toString('hex');
}

function mediaType(text: string): string | undefined {
  return /^([\w!#$&^.+-]+\/[\w!#$&^.+-]+)\s*(?:;.*)?$/.exec(text)?.[1]?.toLowerCase();
}

function malformed(what: string): Refusal {
  return refuse('client-error', { message: `body: ${what}` });
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
