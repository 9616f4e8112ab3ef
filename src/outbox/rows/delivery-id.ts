import { randomBytes } from 'node:crypto';

/**
 * A new delivery id: a version 7 UUID (RFC 9562, 5.7). Receivers keep the ids for weeks; such that begin with the time
 * lie side by side there. They are random besides, so that a sender restored from a backup never says one again.
 */
export function newDeliveryId(now: number): string {
  const random = randomBytes(10);
  random[0] = 0x70 | ((random[0] ?? 0) & 0x0f);
  random[2] = 0x80 | ((random[2] ?? 0) & 0x3f);
  const hex = `${Math.floor(now).toString(16).padStart(12, '0')}${random.toString('hex')}`;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
