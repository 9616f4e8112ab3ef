import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely';
import type pg from 'pg';
import { noStreaming } from '../reader.ts';
import { fromPostgres, isSessionLost } from './errors.ts';

/** Whether the next user of a session finds it outside a transaction. */
export type SessionState = 'clean' | 'unknown';

/** One session of the pool, checked out. */
export class PostgresConnection implements DatabaseConnection {
  readonly #client: pg.PoolClient;
  #lost = false;

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  /** Runs a statement without parameters, such as BEGIN, and returns what the server says it did. */
  async control(sql: string): Promise<string> {
    return (await this.#query(sql, [])).command;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { command, rowCount, rows } = await this.#query(query.sql, query.parameters);
    if (command === 'SELECT') return { rows: rows as R[] };
    return { rows: rows as R[], numAffectedRows: BigInt(rowCount ?? 0) };
  }

  streamQuery(): never {
    throw noStreaming();
  }

  /** Back to the pool; a session in an unknown state is ended instead. */
  release(state: SessionState): void {
    this.#client.release(this.#lost || state === 'unknown');
  }

  async #query(text: string, values: readonly unknown[]): Promise<pg.QueryResult> {
    try {
      return await this.#client.query(text, [...values]);
    } catch (error) {
      if (isSessionLost(error)) this.#lost = true;
      throw fromPostgres(error);
    }
  }
}
