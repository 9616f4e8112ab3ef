import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { KyselyProps } from 'kysely';
import { Refusal, refuse } from '#contract/refusal.ts';
import type { Work } from '../storage.ts';
import { countCommit, countWork } from '../telemetry.ts';
import { UnitOfWork } from '../work.ts';
import type { SqliteConnection } from './connection.ts';
import { isLocked } from './errors.ts';

/**
 * Group commit. One `fsync` costs more than the statements of dozens of units of work, so all that are ready in one
 * turn of the event loop share one transaction: each in its own savepoint, one after the other, one COMMIT for all.
 *
 * A unit of work that throws is rolled back alone, to its savepoint. When the commit fails, or SQLite has rolled the
 * whole transaction back by itself (disk full), every unit of the group fails. Nobody is told of success before the
 * COMMIT has returned.
 */

/** Bounds of one group, so that the first in it does not wait long for the last. */
const maxGroupSize = 256;
const maxGroupMs = 20;

/** Between two tries to get the lock that another process holds. The wait does not block this process. */
const lockRetryMs = 20;

interface Waiting {
  /** Runs the change inside the open transaction; throws what the change throws. */
  run(): Promise<void>;
  /** Runs the effects and resolves the caller's promise. */
  committed(): void;
  failed(error: unknown): void;
}

/** The one writer of a database file in this process. */
export class WriteQueue implements AsyncDisposable {
  readonly #connection: SqliteConnection;
  readonly #base: KyselyProps;
  readonly #lockTimeoutMs: number;
  #waiting: Waiting[] = [];
  #draining: Promise<void> | undefined;
  #closed = false;

  constructor(connection: SqliteConnection, base: KyselyProps, lockTimeoutMs: number) {
    this.#lockTimeoutMs = lockTimeoutMs;
    this.#connection = connection;
    this.#base = base;
  }

  add<T>(change: (work: Work) => Promise<T>): Promise<T> {
    if (this.#closed)
      return Promise.reject(refuse('storage-unavailable', { message: 'The storage is closed' }));
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.push(this.#prepare(change, resolve, reject));
    this.#draining ??= this.#drain();
    return promise;
  }

  /** Takes no more, and waits for what is queued. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#draining;
  }

  #prepare<T>(
    change: (work: Work) => Promise<T>,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ): Waiting {
    const unit = new UnitOfWork(this.#base, this.#connection);
    let result: { readonly value: T };
    return {
      run: async () => {
        result = { value: await unit.run(change) };
      },
      committed: () => {
        countWork('committed');
        try {
          unit.runEffects();
          resolve(result.value);
        } catch (error) {
          reject(error);
        }
      },
      failed: (error) => {
        countWork('failed');
        reject(error);
      },
    };
  }

  async #drain(): Promise<void> {
    do {
      // What arrives in this turn of the event loop belongs to the group, and between groups the loop must turn.
      await nextTurn();
      await this.#commitGroup();
    } while (this.#waiting.length > 0);
    this.#draining = undefined;
  }

  async #commitGroup(): Promise<void> {
    const done: Waiting[] = [];
    try {
      await beginImmediate(this.#connection, this.#lockTimeoutMs);
    } catch (error) {
      for (const waiting of this.#take(maxGroupSize)) waiting.failed(error);
      return;
    }
    const start = performance.now();
    try {
      while (done.length < maxGroupSize && performance.now() - start < maxGroupMs) {
        const [waiting] = this.#take(1);
        if (waiting === undefined) break;
        if (await this.#runInSavepoint(waiting)) done.push(waiting);
      }
      this.#connection.control('COMMIT');
    } catch (error) {
      for (const waiting of done) waiting.failed(error);
      // Should this fail too, the rejection ends the process: its one writer is of no more use.
      if (this.#connection.inTransaction) this.#connection.control('ROLLBACK');
      return;
    }
    if (done.length === 0) return;
    countCommit(done.length, performance.now() - start);
    for (const waiting of done) waiting.committed();
  }

  /**
   * Returns whether the unit of work is in the transaction.
   * @throws Refusal when the whole transaction is lost; this unit of work has been told then.
   */
  async #runInSavepoint(waiting: Waiting): Promise<boolean> {
    try {
      this.#connection.control('SAVEPOINT unit');
      await waiting.run();
      this.#connection.control('RELEASE unit');
      return true;
    } catch (error) {
      waiting.failed(error);
      if (!this.#connection.inTransaction) throw lostWith(error);
      this.#connection.control('ROLLBACK TO unit');
      this.#connection.control('RELEASE unit');
      return false;
    }
  }

  #take(count: number): readonly Waiting[] {
    return this.#waiting.splice(0, count);
  }
}

/** What the other units of a group are told when one made SQLite roll the transaction back. */
function lostWith(error: unknown): Refusal {
  if (error instanceof Refusal && error.key === 'storage-full') return error;
  return refuse('storage-unavailable', { cause: error });
}

/** Takes the write lock, waiting without blocking while another process has it. */
export async function beginImmediate(connection: SqliteConnection, timeoutMs: number): Promise<void> {
  await whenUnlocked(() => connection.control('BEGIN IMMEDIATE'), timeoutMs);
}

/**
 * Tries again while another process holds the lock.
 * @throws Refusal `storage-unavailable` (BEGIN) or SQLite's error (opening) after `timeoutMs`.
 */
export async function whenUnlocked<T>(attempt: () => T, timeoutMs: number): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      const cause = error instanceof Error ? (error.cause ?? error) : error;
      if (!isLocked(cause) || performance.now() >= deadline) throw error;
      await delay(lockRetryMs);
    }
  }
}
