import pg from 'pg';
import type { StorageOptions } from '../storage.ts';
import { log } from '../telemetry.ts';
import { PostgresConnection } from './connection.ts';
import { unreachable } from './errors.ts';

const defaultPoolSize = 10;
const connectTimeoutMs = 5_000;
/** The server is given up sooner than a unit of work is. */
const defaultQueryTimeoutMs = 9_000;
/** The server ends a transaction whose process hangs, so that its locks do not stay. */
const idleInTransactionMs = 30_000;

const int8 = 20;
/** Counts and times fit into a double without loss: numbers on both databases, where pg would give text. */
const typeParsers: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === int8 ? Number : pg.types.getTypeParser(oid, format),
};

/** Sessions with the server. */
export class PostgresPool implements AsyncDisposable {
  readonly #pool: pg.Pool;

  /** @param queryTimeoutMs 0 for none. */
  constructor(options: StorageOptions, queryTimeoutMs = defaultQueryTimeoutMs) {
    this.#pool = new pg.Pool({
      connectionString: options.url,
      max: options.poolSize ?? defaultPoolSize,
      application_name: 'crosswire',
      connectionTimeoutMillis: connectTimeoutMs,
      query_timeout: queryTimeoutMs,
      statement_timeout: queryTimeoutMs,
      idle_in_transaction_session_timeout: idleInTransactionMs,
      keepAlive: true,
      types: typeParsers,
    });
    const lost = (error: Error): void => log.warn({ reason: error.message }, 'database session lost');
    // Without listeners a lost session would end the process. The pool replaces it; its query, if any, fails by itself.
    this.#pool.on('error', lost);
    this.#pool.on('connect', (client) => client.on('error', lost));
  }

  /** @throws Refusal `storage-unavailable`. */
  async acquire(): Promise<PostgresConnection> {
    try {
      return new PostgresConnection(await this.#pool.connect());
    } catch (error) {
      throw unreachable(error);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#pool.end();
  }
}
