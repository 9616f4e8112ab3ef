import type { Kysely, KyselyProps } from 'kysely';
import { applyMigrations } from '../migrations/apply.ts';
import { migrations } from '../migrations/index.ts';
import { createKysely, createQueryBase } from '../reader.ts';
import type { Reader, Storage, StorageOptions } from '../storage.ts';
import type { SessionState } from './connection.ts';
import { postgresDialect } from './dialect.ts';
import { PostgresPool } from './pool.ts';
import { PostgresWorker } from './worker.ts';

/** Key of the advisory lock under which one process migrates: the letters of "xwire". */
const migrationLock = 0x78_77_69_72_65;

/** Connects to the database of the URL and migrates it. */
export async function openPostgres(options: StorageOptions): Promise<Storage> {
  await using opening = new AsyncDisposableStack();
  const base = createQueryBase(postgresDialect);
  await migrate(options, base);
  const pool = opening.use(new PostgresPool(options));
  const worker = opening.use(new PostgresWorker(pool, base));
  const reader = createKysely(base, {
    async provideConnection(consumer) {
      const connection = await pool.acquire();
      try {
        return await consumer(connection);
      } finally {
        connection.release('clean');
      }
    },
  });
  const owned = opening.move();
  return {
    dialect: 'postgres',
    reader: reader as unknown as Reader,
    work: (change) => worker.work(change),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function migrate(options: StorageOptions, base: KyselyProps): Promise<void> {
  // A session of its own without time limits: changing a large table takes as long as it takes.
  await using pool = new PostgresPool({ ...options, poolSize: 1 }, 0);
  const connection = await pool.acquire();
  let state: SessionState = 'unknown';
  try {
    await connection.control('BEGIN');
    await connection.control(`SELECT pg_advisory_xact_lock(${migrationLock})`);
    const db = createKysely(base, { provideConnection: (consumer) => consumer(connection) });
    await applyMigrations(db as unknown as Kysely<unknown>, 'postgres', migrations);
    await connection.control('COMMIT');
    state = 'clean';
  } finally {
    connection.release(state);
  }
}
