import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely';
import { noStreaming } from '../reader.ts';
import { fromSqlite } from './errors.ts';

/** Statements that a connection keeps prepared: preparing costs ten times a read by primary key. */
const maxStatements = 500;

/** How long a statement waits inside SQLite for a lock. It blocks the process: longer waits are in `write-queue.ts`. */
const busyTimeoutMs = 20;

/**
 * An event for a thousand users changes a thousand pages. What does not fit into the cache is written before the commit
 * and read again; and each checkpoint writes every page once, however often it has changed since the last.
 */
const cacheKiB = 16 * 1024;
const checkpointPages = 4000;

interface Prepared {
  readonly statement: StatementSync;
  columns: readonly string[];
}

/** One connection of node:sqlite with the pragmas that durability and integrity rest on. */
export class SqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, Prepared>();

  /** @throws Error naming the pragma, what was found and what was expected. */
  constructor(path: string, access: 'read' | 'write') {
    this.#database = new DatabaseSync(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
    try {
      for (const [pragma, expected] of pragmas(access)) assertPragma(this.#database, pragma, expected);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** False also after SQLite rolled a transaction back by itself, as it does when the disk is full. */
  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  /** Runs a statement without parameters or rows, such as BEGIN. */
  control(sql: string): void {
    try {
      this.#prepare(sql).statement.run();
    } catch (error) {
      throw fromSqlite(error);
    }
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    try {
      return this.#execute(query);
    } catch (error) {
      throw fromSqlite(error);
    }
  }

  streamQuery(): never {
    throw noStreaming();
  }

  close(): void {
    this.#prepared.clear();
    this.#database.close();
  }

  #execute<R>(query: CompiledQuery): QueryResult<R> {
    const prepared = this.#prepare(query.sql);
    const parameters = query.parameters as SQLInputValue[];
    if (prepared.columns.length === 0) {
      const { changes, lastInsertRowid } = prepared.statement.run(...parameters);
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    }
    // With setReturnArrays the rows are arrays, which the type declarations do not follow.
    const rows = prepared.statement.all(...parameters) as unknown as SQLOutputValue[][];
    return { rows: toObjects(prepared, rows) as R[] };
  }

  /** The least recently used statement gives way: a Map lists its keys in the order of their insertion. */
  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known !== undefined) {
      this.#prepared.delete(sql);
      this.#prepared.set(sql, known);
      return known;
    }
    const statement = this.#database.prepare(sql);
    statement.setReturnArrays(true);
    const made = { statement, columns: columnNames(statement) };
    this.#prepared.set(sql, made);
    const [oldest] = this.#prepared.keys();
    if (this.#prepared.size > maxStatements && oldest !== undefined) this.#prepared.delete(oldest);
    return made;
  }
}

/** Objects made here are faster to make and to read than node:sqlite's own, and have the ordinary prototype. */
function toObjects(prepared: Prepared, rows: readonly SQLOutputValue[][]): Record<string, SQLOutputValue>[] {
  const [first] = rows;
  if (first === undefined) return [];
  // Another process may have added a column since the statement was prepared (SELECT *).
  if (first.length !== prepared.columns.length) prepared.columns = columnNames(prepared.statement);
  const { columns } = prepared;
  return rows.map((row) => {
    const made: Record<string, SQLOutputValue> = {};
    for (let index = 0; index < columns.length; index += 1) made[columns[index] ?? ''] = row[index] ?? null;
    return made;
  });
}

function columnNames(statement: StatementSync): readonly string[] {
  return statement.columns().map((column) => column.name);
}

function pragmas(access: 'read' | 'write'): readonly (readonly [string, string | number])[] {
  return [
    ['busy_timeout', busyTimeoutMs],
    ['journal_mode', 'wal'],
    ['synchronous', 2],
    ['cache_size', -cacheKiB],
    ['wal_autocheckpoint', checkpointPages],
    ['foreign_keys', 1],
    ['query_only', access === 'read' ? 1 : 0],
  ];
}

/** Sets a pragma and reads it back: SQLite ignores what it does not know or cannot do, without an error. */
function assertPragma(database: DatabaseSync, pragma: string, expected: string | number): void {
  database.exec(`PRAGMA ${pragma} = ${expected}`);
  const row = database.prepare(`PRAGMA ${pragma}`).get() ?? {};
  const [found] = Object.values(row);
  if (found !== expected)
    throw new Error(`SQLite: PRAGMA ${pragma} is ${String(found)}, expected ${String(expected)}`);
}
