/**
 * A DER writer, and as much of a reader as signing for a given certificate needs (X.690).
 *
 * The certificate attacks need certificates that no library agrees to make (a NUL inside a name, version 1, extensions
 * that contradict each other), so the authority writes its bytes itself.
 */

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  enumerated: 0x0a,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One element: tag, definite length, content. */
export function element(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag]), encodeLength(body.length), body]);
}

function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

export function sequence(...content: readonly Uint8Array[]): Buffer {
  return element(tags.sequence, ...content);
}

export function set(...content: readonly Uint8Array[]): Buffer {
  return element(tags.set, ...content);
}

/** A context-specific tag: constructed for a structure inside, primitive for replaced primitive tags. */
export function context(
  number: number,
  kind: 'constructed' | 'primitive',
  ...content: readonly Uint8Array[]
) {
  return element((kind === 'constructed' ? 0xa0 : 0x80) | number, ...content);
}

/** A non-negative integer, from a number or from big-endian bytes. */
export function integer(value: number | Uint8Array): Buffer {
  let bytes = typeof value === 'number' ? numberBytes(value) : Buffer.from(value);
  while (bytes.length > 1 && bytes[0] === 0 && ((bytes[1] ?? 0) & 0x80) === 0) bytes = bytes.subarray(1);
  const negative = ((bytes[0] ?? 0) & 0x80) !== 0;
  return element(tags.integer, negative ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}

function numberBytes(value: number): Buffer {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
}

export function boolean(value: boolean): Buffer {
  return element(tags.boolean, Buffer.of(value ? 0xff : 0));
}

export function octetString(value: Uint8Array): Buffer {
  return element(tags.octetString, value);
}

export function bitString(value: Uint8Array, unusedBits = 0): Buffer {
  return element(tags.bitString, Buffer.of(unusedBits), value);
}

export function utf8String(value: string): Buffer {
  return element(tags.utf8String, Buffer.from(value, 'utf8'));
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return element(tags.oid, Buffer.from(bytes));
}

/** UTCTime until 2049, GeneralizedTime from 2050 on (RFC 5280 4.1.2.5). */
export function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/\.\d+Z$|[-:T]/g, '');
  return date.getUTCFullYear() < 2050
    ? element(tags.utcTime, Buffer.from(`${digits.slice(2)}Z`))
    : element(tags.generalizedTime, Buffer.from(`${digits}Z`));
}

/** The elements directly inside a constructed element, each with its header. */
export function children(der: Uint8Array): readonly Buffer[] {
  const outer = headerAt(der, 0);
  const found: Buffer[] = [];
  for (let at = outer.contentStart; at < outer.end; ) {
    const inner = headerAt(der, at);
    found.push(Buffer.from(der.subarray(at, inner.end)));
    at = inner.end;
  }
  return found;
}

function headerAt(der: Uint8Array, at: number): { readonly contentStart: number; readonly end: number } {
  const first = der[at + 1] ?? 0;
  if (first < 0x80) return { contentStart: at + 2, end: at + 2 + first };
  let length = 0;
  for (let i = 0; i < (first & 0x7f); i++) length = length * 256 + (der[at + 2 + i] ?? 0);
  const contentStart = at + 2 + (first & 0x7f);
  return { contentStart, end: contentStart + length };
}

/** PEM armour (RFC 7468) with 64 characters a line. */
export function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
