import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Kysely, KyselyProps } from 'kysely';
import { applyMigrations } from '../migrations/apply.ts';
import { migrations } from '../migrations/index.ts';
import { createKysely, createQueryBase } from '../reader.ts';
import type { Reader, Storage } from '../storage.ts';
import { SqliteConnection } from './connection.ts';
import { sqliteDialect } from './dialect.ts';
import { beginImmediate, WriteQueue, whenUnlocked } from './write-queue.ts';

/** Opens the database file, made with its folder when absent (both for the owner's eyes only), and migrates it. */
export async function openSqlite(file: string): Promise<Storage> {
  await using opening = new AsyncDisposableStack();
  const path = resolve(file);
  const base = createQueryBase(sqliteDialect);
  createPrivateFile(path);
  const writer = opening.adopt(await whenUnlocked(() => new SqliteConnection(path, 'write')), (c) =>
    c.close(),
  );
  await migrate(writer, base);
  const connection = opening.adopt(await whenUnlocked(() => new SqliteConnection(path, 'read')), (c) =>
    c.close(),
  );
  const queue = opening.use(new WriteQueue(writer, base));
  const reader = createKysely(base, { provideConnection: (consumer) => consumer(connection) });
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

async function migrate(connection: SqliteConnection, base: KyselyProps): Promise<void> {
  const db = createKysely(base, { provideConnection: (consumer) => consumer(connection) });
  await beginImmediate(connection);
  try {
    await applyMigrations(db as unknown as Kysely<unknown>, 'sqlite', migrations);
    connection.control('COMMIT');
  } catch (error) {
    if (connection.inTransaction) connection.control('ROLLBACK');
    throw error;
  }
}
