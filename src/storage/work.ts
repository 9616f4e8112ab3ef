import {
  type ConnectionProvider,
  type DatabaseConnection,
  type Kysely,
  type KyselyProps,
  Transaction,
} from 'kysely';
import type { Reader, Work } from './storage.ts';
import type { Tables } from './tables.ts';

/** A unit of work that takes longer holds up all others on SQLite and a pool's connection on PostgreSQL. */
export const workLimitMs = 10_000;

/**
 * The inside of one unit of work: gives its queries the transaction's connection, but only while it runs.
 *
 * Both databases behave alike here: after one query has failed, the unit of work can only be rolled back, even when
 * `change` caught the error (PostgreSQL aborts the transaction by itself, SQLite would go on).
 */
export class UnitOfWork implements Work, ConnectionProvider {
  readonly db: Kysely<Tables>;
  readonly #connection: DatabaseConnection;
  readonly #effects: (() => void)[] = [];
  readonly #lastChanges: (() => Promise<void>)[] = [];
  #state: 'running' | 'failed' | 'ended' = 'running';
  #failure: unknown;
  #inFlight = 0;

  constructor(base: KyselyProps, connection: DatabaseConnection) {
    this.#connection = connection;
    this.db = new Transaction<Tables>({ ...base, executor: base.executor.withConnectionProvider(this) });
  }

  get reader(): Reader {
    return this.db as never;
  }

  /** No query is on its way to the database. */
  get idle(): boolean {
    return this.#inFlight === 0;
  }

  /** The error of the query that failed, if one did. */
  get failure(): unknown {
    return this.#failure;
  }

  onCommit(effect: () => void): void {
    if (this.#state === 'ended') throw afterTheEnd();
    this.#effects.push(effect);
  }

  beforeCommit(change: () => Promise<void>): void {
    if (this.#state === 'ended') throw afterTheEnd();
    this.#lastChanges.push(change);
  }

  async provideConnection<T>(consumer: (connection: DatabaseConnection) => Promise<T>): Promise<T> {
    if (this.#state === 'ended') throw afterTheEnd();
    if (this.#state === 'failed') throw afterFailure(this.#failure);
    this.#inFlight += 1;
    try {
      return await consumer(this.#connection);
    } catch (error) {
      if (this.#state === 'running') {
        this.#state = 'failed';
        this.#failure = error;
      }
      throw error;
    } finally {
      this.#inFlight -= 1;
    }
  }

  /** Runs `change` and closes the door behind it. Returns only when everything in it may be committed. */
  async run<T>(change: (work: Work) => Promise<T>): Promise<T> {
    const limit = Promise.withResolvers<never>();
    const timer = setTimeout(() => limit.reject(tookTooLong()), workLimitMs).unref();
    try {
      const value = await Promise.race([this.#changeAll(change), limit.promise]);
      if (this.#state === 'failed') throw afterFailure(this.#failure);
      if (this.#inFlight > 0) throw notAwaited(this.#inFlight);
      return value;
    } finally {
      clearTimeout(timer);
      this.#state = 'ended';
    }
  }

  async #changeAll<T>(change: (work: Work) => Promise<T>): Promise<T> {
    const value = await change(this);
    for (const last of this.#lastChanges) await last();
    return value;
  }

  /**
   * Runs the effects, in the order in which they were given. All run even when one throws; the first error is thrown
   * afterwards, so that the caller of `work` learns of it.
   */
  runEffects(): void {
    const errors: unknown[] = [];
    for (const effect of this.#effects) {
      try {
        effect();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0)
      throw new Error('The unit of work is committed, but an effect of its commit failed', {
        cause: errors[0],
      });
  }
}

function afterTheEnd(): Error {
  return new Error('The unit of work has ended: a query or effect came after it (is an await missing?)');
}

function afterFailure(cause: unknown): Error {
  return new Error('A query of this unit of work has failed, so it can only be rolled back', { cause });
}

function notAwaited(count: number): Error {
  return new Error(`The unit of work ended before ${count} of its queries (is an await missing?)`);
}

function tookTooLong(): Error {
  return new Error(
    `The unit of work took longer than ${workLimitMs} ms and is rolled back (no network call or nested unit of work belongs inside one)`,
  );
}
