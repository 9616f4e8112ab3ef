import type { CookieRow } from '#storage';
import type { CookieThrottle } from '../settings.ts';

/** How many cookies of a type a user may have, and how fast they may come (reference client-api 2.2). */

/**
 * The cookies that must go so that one more fits: those with a successor first, then the oldest. Expired ones are
 * gone before anybody asks.
 */
export function cookiesToEvict(limit: number, cookies: readonly CookieRow[]): readonly CookieRow[] {
  const excess = cookies.length - limit + 1;
  if (excess <= 0) return [];
  return cookies.toSorted(byUsefulness).slice(0, excess);
}

function byUsefulness(a: CookieRow, b: CookieRow): number {
  const superseded = Number(b.successor !== null) - Number(a.successor !== null);
  return superseded === 0 ? a.created_at - b.created_at : superseded;
}

/**
 * Seconds that a login has to wait because the present cookies came too close together; undefined when it need not.
 * @param cookies at least one, all of one type.
 */
export function throttleSeconds(
  throttle: CookieThrottle,
  cookies: readonly CookieRow[],
  nowMs: number,
): number | undefined {
  const seconds = cookies.map((cookie) => Math.round(cookie.created_at / 1000));
  if (deviation(seconds) > throttle.minDeviationSeconds) return undefined;
  const sinceLast = Math.round(nowMs / 1000) - Math.max(...seconds);
  const wait = throttle.retryAfterSeconds - sinceLast;
  return wait > 0 ? wait : undefined;
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / values.length);
}
