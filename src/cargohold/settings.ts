const minuteMs = 60_000;

/** How assets are kept. Sizes in bytes, times in milliseconds. */
export interface CargoholdSettings {
  /** Largest file. */
  readonly maxBytes: number;
  /** All files of one user; undefined: as many as the store holds. */
  readonly quotaBytes?: number;
  /** Between two looks for what has expired or was left behind, and how many files are handled at once. */
  readonly sweepEveryMs: number;
  readonly sweepRows: number;
  /** An upload that was not finished after this time has died. */
  readonly uploadGraceMs: number;
}

export const defaultCargoholdSettings: CargoholdSettings = {
  maxBytes: 100 * 1024 * 1024,
  sweepEveryMs: 5 * minuteMs,
  sweepRows: 200,
  uploadGraceMs: 60 * minuteMs,
};
