import type { Kysely } from 'kysely';
import type { ReadonlyKysely } from 'kysely/readonly';
import type { Tables } from './tables.ts';

/** Sees the last committed state; cannot change anything. */
export type Reader = ReadonlyKysely<Tables>;

/** The inside of one unit of work. */
export interface Work {
  /** Queries of this transaction. Using it after the unit of work has ended throws. */
  readonly db: Kysely<Tables>;
  /** The same transaction as a `Reader`, for store functions that only read. */
  readonly reader: Reader;
  /** Runs after the commit, before the caller of `work` goes on; never after a rollback. */
  onCommit(effect: () => void): void;
  /**
   * Changes that come last in the transaction, after `change` has returned and in the order in which they were given:
   * what takes locks that others wait for, or gathers what several calls have asked for into one statement.
   */
  beforeCommit(change: () => Promise<void>): void;
}

export interface StorageOptions {
  /** `sqlite:path/to/file.db` or `postgres://…`. */
  readonly url: string;
  /** Most connections of the PostgreSQL pool. */
  readonly poolSize?: number;
  /** How long a unit of work waits while another process writes to the SQLite file. Default: 5 s. */
  readonly lockTimeoutMs?: number;
}

export interface Storage extends AsyncDisposable {
  readonly reader: Reader;
  readonly dialect: 'sqlite' | 'postgres';
  /**
   * Runs `change` in one transaction and resolves with its value once the commit is durable. When it throws,
   * everything is rolled back and the error is passed on. Retried on serialization failures, so `change` must have no
   * effects but through `work`. It must not wait for anything but its queries: on SQLite it holds the only writer.
   * @throws Refusal `storage-full` or `storage-unavailable`; Error when a query failed and `change` went on all the
   * same, or was still running when `change` ended.
   */
  work<T>(change: (work: Work) => Promise<T>): Promise<T>;
}

/** The database of the configuration cannot be used; the message says which and why, for the operator. */
export class StorageOpenError extends Error {
  override readonly name = 'StorageOpenError';
}
