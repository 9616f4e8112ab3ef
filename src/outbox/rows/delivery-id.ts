import { randomUUID } from 'node:crypto';

/**
 * A new delivery id: a version 7 UUID (RFC 9562, 5.7). Receivers keep the ids for weeks; such that begin with the time
 * lie side by side there. They are random besides, so that a sender restored from a backup never says one again.
 */
export function newDeliveryId(now: number): string {
  const time = Math.floor(now).toString(16).padStart(12, '0');
  // `randomUUID` draws from a pool, which is ten times faster than a few bytes at a time.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
