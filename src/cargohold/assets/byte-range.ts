import { refuse } from '#contract/refusal.ts';
import type { ByteRange } from '../stores/asset-store.ts';

/**
 * The bytes that a `Range` header asks for (RFC 9110 14.2); undefined: all. What is not one range of bytes is answered
 * as if it had not been asked for.
 * @throws Refusal `range-not-satisfiable` when the file has none of the bytes
 */
export function readByteRange(header: string | undefined, size: number): ByteRange | undefined {
  const [, first, last] = /^\s*bytes\s*=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start <= end) return { start, end };
  throw refuse('range-not-satisfiable', { headers: { 'content-range': `bytes */${size}` } });
}
