export interface LineRateOptions {
  /** Lines of one kind in each period. */
  readonly lines: number;
  readonly periodMs: number;
  /** Milliseconds on any steady clock. */
  readonly now: () => number;
}

interface Period {
  readonly endsAt: number;
  written: number;
  leftOut: number;
}

/**
 * Keeps what others cause from filling the log: of each kind of line so many are written in a period, and the next one
 * after it says how many were left out. Metrics count all of them.
 */
export class LineRate {
  readonly #options: LineRateOptions;
  readonly #periods = new Map<string, Period>();

  constructor(options: LineRateOptions = { lines: 20, periodMs: 60_000, now: () => performance.now() }) {
    this.#options = options;
  }

  /**
   * @param kind of a small set, such as the labels
   * @returns how many lines of the kind were left out since the last that was written; undefined: leave this out too
   */
  take(kind: string): number | undefined {
    const { lines, periodMs, now } = this.#options;
    const at = now();
    const known = this.#periods.get(kind);
    const period = known !== undefined && at < known.endsAt ? known : this.#begin(kind, at + periodMs, known);
    if (period.written >= lines) {
      period.leftOut += 1;
      return undefined;
    }
    period.written += 1;
    const { leftOut } = period;
    period.leftOut = 0;
    return leftOut;
  }

  #begin(kind: string, endsAt: number, before: Period | undefined): Period {
    const period = { endsAt, written: 0, leftOut: before?.leftOut ?? 0 };
    this.#periods.set(kind, period);
    return period;
  }
}
