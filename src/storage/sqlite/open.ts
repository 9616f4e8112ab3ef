import { closeSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Kysely, KyselyProps } from 'kysely';
import { applyMigrations } from '../migrations/apply.ts';
import { migrations } from '../migrations/index.ts';
import { makePrivateFolder } from '../private-folder.ts';
import { createKysely, createQueryBase } from '../reader.ts';
import type { Reader, Storage } from '../storage.ts';
import { StorageOpenError } from '../storage.ts';
import { SqliteConnection } from './connection.ts';
import { sqliteDialect } from './dialect.ts';
import { beginImmediate, WriteQueue, whenUnlocked } from './write-queue.ts';

/** How long the write lock of another process is waited for. */
const defaultLockTimeoutMs = 5_000;

/** Opens the database file, made with its folder when absent (both for the owner's eyes only), and migrates it. */
export async function openSqlite(file: string, lockTimeoutMs = defaultLockTimeoutMs): Promise<Storage> {
  const path = resolve(file);
  try {
    return await openFile(path, lockTimeoutMs);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StorageOpenError(`cannot use ${path}: ${reason}`, { cause: error });
  }
}

async function openFile(path: string, lockTimeoutMs: number): Promise<Storage> {
  await using opening = new AsyncDisposableStack();
  const base = createQueryBase(sqliteDialect);
  const connect = async (access: 'read' | 'write'): Promise<SqliteConnection> =>
    opening.adopt(await whenUnlocked(() => new SqliteConnection(path, access), lockTimeoutMs), (made) =>
      made.close(),
    );
  createPrivateFile(path);
  const writing = await connect('write');
  await migrate(writing, base, lockTimeoutMs);
  const reading = await connect('read');
  const queue = opening.use(new WriteQueue(writing, base, lockTimeoutMs));
  const reader = createKysely(base, { provideConnection: (consumer) => consumer(reading) });
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
  makePrivateFolder(dirname(path));
  closeSync(openSync(path, 'a', 0o600));
}

async function migrate(
  connection: SqliteConnection,
  base: KyselyProps,
  lockTimeoutMs: number,
): Promise<void> {
  const db = createKysely(base, { provideConnection: (consumer) => consumer(connection) });
  await beginImmediate(connection, lockTimeoutMs);
  try {
    await applyMigrations(db as unknown as Kysely<unknown>, 'sqlite', migrations);
    connection.control('COMMIT');
  } catch (error) {
    if (connection.inTransaction) connection.control('ROLLBACK');
    throw error;
  }
}
