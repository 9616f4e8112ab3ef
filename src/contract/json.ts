import { isUtf8 } from 'node:buffer';
import type { LabelKey } from './labels.ts';
import { refuse } from './refusal.ts';

/** Nesting that no payload of this API comes near; deeper ones would exhaust the stack of whoever walks them. */
const maxDepth = 64;

/** As an own key it is harmless to us and a trap for whoever copies members one by one. */
const prototypeKey = '__proto__';

/**
 * Parses JSON from a network. Beyond the grammar it refuses what no store could give back as it was: invalid UTF-8,
 * NUL characters, lone surrogates; keys called `__proto__`; and nesting beyond 64 levels.
 *
 * @param where what the bytes are called in messages: `body`.
 * @throws Refusal `label`, saying what was found.
 */
export function parseJson(bytes: Uint8Array, where: string, label: LabelKey = 'bad-request'): unknown {
  if (!isUtf8(bytes)) throw refuse(label, { message: `${where}: not valid UTF-8, expected JSON` });
  if (deeperThan(bytes, maxDepth)) {
    throw refuse(label, { message: `${where}: nested deeper than ${maxDepth} levels` });
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const value = parseText(text, where, label);
  if (text.includes('\\u') || text.includes(prototypeKey)) assertStorable(value, where, label);
  return value;
}

function parseText(text: string, where: string, label: LabelKey): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    // The parser's own words quote the text, which may hold what no log and no answer should.
    const found = text.length === 0 ? 'nothing' : `${text.length} characters that are none`;
    throw refuse(label, { message: `${where}: expected JSON, found ${found}`, cause });
  }
}

const openings = new Set([0x5b, 0x7b]);
const closings = new Set([0x5d, 0x7d]);
const quote = 0x22;
const backslash = 0x5c;

function deeperThan(bytes: Uint8Array, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (inString) {
      if (byte === backslash) at += 1;
      else if (byte === quote) inString = false;
    } else if (byte === quote) {
      inString = true;
    } else if (byte >= 0x5b) {
      if (openings.has(byte)) depth += 1;
      else if (closings.has(byte)) depth -= 1;
      if (depth > limit) return true;
    }
  }
  return false;
}

/**
 * Only escapes can smuggle in what valid UTF-8 cannot hold, so this runs only on texts that have some, or that
 * spell the key.
 */
function assertStorable(value: unknown, where: string, label: LabelKey): void {
  if (typeof value === 'string') {
    if (value.includes('\0')) throw refuse(label, { message: `${where}: a text holds a NUL character` });
    if (!value.isWellFormed()) throw refuse(label, { message: `${where}: a text holds a lone surrogate` });
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => {
      assertStorable(item, `${where}.${index}`, label);
    });
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      if (key === prototypeKey) throw refuse(label, { message: `${where}: a member is called ${key}` });
      assertStorable(key, where, label);
      assertStorable(member, `${where}.${key}`, label);
    }
  }
}
