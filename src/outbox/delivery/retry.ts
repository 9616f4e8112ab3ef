/** How long to wait after failures; times in milliseconds. */
export interface Pace {
  readonly baseMs: number;
  readonly capMs: number;
}

/**
 * The wait after the nth failure in a row (from 1): exponential with full jitter, so that what failed together does not
 * come back together. `random` is in [0, 1).
 */
export function retryDelayMs(failures: number, random: number, { baseMs, capMs }: Pace): number {
  return Math.ceil(random * Math.min(capMs, baseMs * 2 ** Math.min(failures - 1, 30)));
}

/** By what failed. */
export interface Paces {
  /**
   * The remote cannot be reached. The federator's breaker bounds how often it is really tried, a call in between costs
   * nothing; this cap and the breaker's together keep the promise that a remote that is back gets its first delivery
   * within two seconds, however long it was away.
   */
  readonly away: Pace;
  /** The remote, or our own policy, refuses all that we send; contact from it ends the wait. */
  readonly refused: Pace;
  /** One lane's first row fails while the remote takes others. */
  readonly lane: Pace;
}

export const defaultPaces: Paces = {
  away: { baseMs: 50, capMs: 400 },
  refused: { baseMs: 250, capMs: 10_000 },
  lane: { baseMs: 250, capMs: 60_000 },
};
