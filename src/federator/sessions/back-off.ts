/** How long to leave a failing remote alone; times in milliseconds. */
export interface BackOffOptions {
  readonly baseMs: number;
  readonly capMs: number;
}

/**
 * The cap, together with the outbox's own, keeps the promise that what is queued for a remote that is back begins to
 * arrive within two seconds.
 */
export const defaultBackOff: BackOffOptions = { baseMs: 250, capMs: 1_500 };

/**
 * The wait after the nth failure in a row (from 1): doubling, capped, and spread over its upper half so that many
 * backends that lost one remote together do not come back together. `random` is in [0, 1).
 */
export function backOffMs(failures: number, random: number, options: BackOffOptions): number {
  const full = Math.min(options.capMs, options.baseMs * 2 ** Math.min(failures - 1, 30));
  return full / 2 + (full / 2) * random;
}
