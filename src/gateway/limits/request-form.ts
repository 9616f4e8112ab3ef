import type { IncomingMessage } from 'node:http';
import { refuse } from '#contract/refusal.ts';

export interface FormLimits {
  readonly maxUrlBytes: number;
  readonly maxHeaders: number;
}

/** Headers of which only the first would be believed, so that a second one means two readers disagree. */
const single = new Set(['authorization', 'content-type', 'content-encoding', 'content-length', 'host']);

/**
 * Checks what must hold before a request is routed: length and characters of the target, number of headers, and no
 * second copy of those that decide how the request is read.
 */
export function assertRequestForm(raw: IncomingMessage, url: string, limits: FormLimits): void {
  if (url.length > limits.maxUrlBytes) {
    throw refuse('uri-too-long', {
      message: `path and query: ${url.length} bytes, expected at most ${limits.maxUrlBytes}`,
    });
  }
  assertHeaders(raw.rawHeaders, limits.maxHeaders);
  if (raw.headers.host === undefined && raw.httpVersion !== '1.0') {
    throw refuse('bad-request', { message: 'header host: not found' });
  }
  assertTarget(url);
}

function assertHeaders(rawHeaders: readonly string[], maxHeaders: number): void {
  const count = rawHeaders.length / 2;
  if (count > maxHeaders) {
    throw refuse('headers-too-large', { message: `${count} headers, expected at most ${maxHeaders}` });
  }
  const seen = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    if (!single.has(name)) continue;
    if (seen.has(name)) throw refuse('bad-request', { message: `header ${name}: found twice` });
    seen.add(name);
  }
}

function assertTarget(url: string): void {
  if (!url.startsWith('/')) {
    throw refuse('bad-request', { message: 'request target: expected a path, or an http URL' });
  }
  if (url.includes('#')) throw refuse('bad-request', { message: 'request target: carries a fragment' });
  if (/[^\x21-\x7e]/.test(url)) {
    throw refuse('bad-request', { message: 'request target: characters outside ASCII must be encoded' });
  }
  if (/%00/.test(url)) throw refuse('bad-request', { message: 'request target: carries an encoded NUL' });
}

/** RFC 9112 3.2.2: a server accepts the absolute form; the authority in it is not used. */
export function originForm(target: string): string {
  const absolute = /^https?:\/\/[^/?#]*/i.exec(target);
  if (absolute === null) return target;
  const rest = target.slice(absolute[0].length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}
