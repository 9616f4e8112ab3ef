import { setTimeout as delay } from 'node:timers/promises';
import type { KyselyProps } from 'kysely';
import { refuse } from '#contract/refusal.ts';
import type { Work } from '../storage.ts';
import { countCommit, countRetry, countWork } from '../telemetry.ts';
import { UnitOfWork } from '../work.ts';
import type { PostgresConnection, SessionState } from './connection.ts';
import { isSerializationFailure } from './errors.ts';
import type { PostgresPool } from './pool.ts';

/** Tries of one unit of work, the first included. Longest wait between two: see `backOff`. */
const maxTries = 20;

type Outcome<T> =
  | { readonly tag: 'committed'; readonly value: T; readonly unit: UnitOfWork }
  | { readonly tag: 'conflict'; readonly cause: unknown };

/**
 * Units of work on PostgreSQL, at isolation level repeatable read: two that read and change one row cannot both
 * commit, so that code which is right on SQLite (one writer at a time) does not lose updates here. What differs from
 * SQLite is write skew, where two read each other's rows and change different ones: a unique index, or a row that both
 * change, must forbid it.
 *
 * The one that loses is run again. Runs after the first stand in one line per process, so that a row which everybody
 * wants costs each at most one conflict with the others of its process.
 */
export class PostgresWorker implements AsyncDisposable {
  readonly #pool: PostgresPool;
  readonly #base: KyselyProps;
  #line: Promise<unknown> = Promise.resolve();
  readonly #running = new Set<Promise<unknown>>();
  #closed = false;

  constructor(pool: PostgresPool, base: KyselyProps) {
    this.#pool = pool;
    this.#base = base;
  }

  async work<T>(change: (work: Work) => Promise<T>): Promise<T> {
    if (this.#closed) throw refuse('storage-unavailable', { message: 'The storage is closed' });
    const running = this.#run(change);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Takes no more, and waits for what runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#running);
  }

  async #run<T>(change: (work: Work) => Promise<T>): Promise<T> {
    try {
      const first = await this.#attempt(change);
      const done = first.tag === 'committed' ? first : await this.#inLine(() => this.#again(change));
      countWork('committed');
      done.unit.runEffects();
      return done.value;
    } catch (error) {
      countWork('failed');
      throw error;
    }
  }

  #inLine<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#line.then(run);
    this.#line = Promise.allSettled([turn]);
    return turn;
  }

  async #again<T>(change: (work: Work) => Promise<T>): Promise<Outcome<T> & { tag: 'committed' }> {
    for (let tries = 2; ; tries += 1) {
      countRetry();
      const outcome = await this.#attempt(change);
      if (outcome.tag === 'committed') return outcome;
      if (tries === maxTries)
        throw refuse('storage-unavailable', {
          message: `The storage refused a change ${maxTries} times because of concurrent ones; try again`,
          cause: outcome.cause,
        });
      await delay(backOff(tries));
    }
  }

  async #attempt<T>(change: (work: Work) => Promise<T>): Promise<Outcome<T>> {
    const connection = await this.#pool.acquire();
    const unit = new UnitOfWork(this.#base, connection);
    let state: SessionState = 'unknown';
    try {
      const start = performance.now();
      await connection.control('BEGIN ISOLATION LEVEL REPEATABLE READ');
      const value = await unit.run(change);
      await commit(connection);
      state = 'clean';
      countCommit(1, performance.now() - start);
      return { tag: 'committed', value, unit };
    } catch (error) {
      // A query that still runs would delay the ROLLBACK: such a session is ended instead.
      if (unit.idle) state = await rollBack(connection);
      const reason = unit.failure ?? error;
      if (isSerializationFailure(reason)) return { tag: 'conflict', cause: reason };
      throw error;
    } finally {
      connection.release(state);
    }
  }
}

/** An aborted transaction answers COMMIT with ROLLBACK, without an error. */
async function commit(connection: PostgresConnection): Promise<void> {
  const did = await connection.control('COMMIT');
  if (did !== 'COMMIT') throw new Error(`PostgreSQL answered COMMIT with ${did}`);
}

/** A session that cannot even roll back is not used again; the server rolls back when it ends. */
async function rollBack(connection: PostgresConnection): Promise<SessionState> {
  try {
    await connection.control('ROLLBACK');
    return 'clean';
  } catch {
    return 'unknown';
  }
}

/** Milliseconds before the next try, with jitter: the others in conflict are in other processes. */
function backOff(tries: number): number {
  return Math.random() * Math.min(200, 2 ** tries);
}
