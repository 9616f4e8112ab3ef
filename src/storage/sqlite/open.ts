import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Kysely } from 'kysely';
import { applyMigrations } from '../migrations/apply.ts';
import { type Migration, migrations } from '../migrations/index.ts';
import type { Reader, Storage } from '../storage.ts';
import type { Tables } from '../tables.ts';
import { createWorkBase } from '../work.ts';
import { SqliteConnection } from './connection.ts';
import { SqliteDialect } from './dialect.ts';
import { beginImmediate, WriteQueue, whenUnlocked } from './write-queue.ts';

/** Opens the database file, made with its folder when absent (both for the owner's eyes only), and migrates it. */
export async function openSqlite(file: string, known: readonly Migration[] = migrations): Promise<Storage> {
  await using opening = new AsyncDisposableStack();
  const path = resolve(file);
  createPrivateFile(path);
  const writer = opening.adopt(await whenUnlocked(() => new SqliteConnection(path, 'write')), (c) =>
    c.close(),
  );
  await migrate(writer, known);
  const connection = opening.adopt(await whenUnlocked(() => new SqliteConnection(path, 'read')), (c) =>
    c.close(),
  );
  const queue = opening.use(new WriteQueue(writer, createWorkBase(new SqliteDialect(writer))));
  const reader = new Kysely<Tables>({ dialect: new SqliteDialect(connection) });
  const owned = opening.move();
  return {
    dialect: 'sqlite',
    reader: reader as unknown as Reader,
    work: (change) => queue.add(change),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** SQLite gives its `-wal` and `-shm` files the mode of the database file. */
function createPrivateFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', 0o600));
}

async function migrate(connection: SqliteConnection, known: readonly Migration[]): Promise<void> {
  const db = new Kysely<unknown>({ dialect: new SqliteDialect(connection) });
  await beginImmediate(connection);
  try {
    await applyMigrations(db, 'sqlite', known);
    connection.control('COMMIT');
  } catch (error) {
    if (connection.inTransaction) connection.control('ROLLBACK');
    throw error;
  }
}
