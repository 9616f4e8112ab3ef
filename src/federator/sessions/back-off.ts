/** How long to leave a failing remote alone; times in milliseconds. */
export interface BackOffOptions {
  readonly baseMs: number;
  readonly capMs: number;
}

/** The cap keeps the promise that a remote that is back is talked to again within five seconds. */
export const defaultBackOff: BackOffOptions = { baseMs: 250, capMs: 3_000 };

/**
 * The wait after the nth failure in a row (from 1): doubling, capped, and spread over its upper half so that many
 * backends that lost one remote together do not come back together. `random` is in [0, 1).
 */
export function backOffMs(failures: number, random: number, options: BackOffOptions): number {
  const full = Math.min(options.capMs, options.baseMs * 2 ** Math.min(failures - 1, 30));
  return full / 2 + (full / 2) * random;
}
