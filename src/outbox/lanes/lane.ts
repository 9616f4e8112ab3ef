import type { QueuedRow } from '../rows/queued-row.ts';

/**
 * What a lane does.
 *
 * - `resting`: no row of it is in memory. It is read from the database when `more`, else it is forgotten.
 * - `ready`: its first rows may be sent.
 * - `sending`: its first `count` rows are on their way; no other row of it is, so that their order holds.
 * - `held`: its first row failed in a way that says nothing about the remote; it waits until `until`. Its rows are not
 *   kept in memory, so that a thousand held lanes leave room for the others.
 */
export type LaneState =
  | { readonly kind: 'resting' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'sending'; readonly count: number }
  | { readonly kind: 'held'; readonly until: number };

/** One ordered line of notifications to one remote, as far as it is in memory. */
export class Lane {
  readonly name: string;
  /** The next rows, in their order. */
  rows: QueuedRow[] = [];
  /** Position of the last row that was ever put into memory: the database is read from there on. */
  lastPosition = 0;
  /** The database may have rows after `lastPosition`. */
  more = false;
  /** Rows that are done with, but not yet out of the database: until then the lane is remembered. */
  unacknowledged = 0;
  /** Failures in a row of its first row. */
  failures = 0;
  /** It failed in a bundle, or is slow: its rows travel alone until one gets through. */
  alone = false;
  state: LaneState = { kind: 'resting' };

  constructor(name: string) {
    this.name = name;
  }

  /** Takes a row that is known to be the next one after `lastPosition`. */
  append(row: QueuedRow): void {
    this.rows.push(row);
    this.lastPosition = row.position;
  }

  /** Forgets the rows in memory; they are read again from the database. */
  unload(): void {
    const [first] = this.rows;
    if (first === undefined) return;
    this.lastPosition = first.position - 1;
    this.rows = [];
    this.more = true;
  }
}
