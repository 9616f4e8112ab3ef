import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { it } from 'node:test';
import { sql } from 'kysely';
import { openStorage } from '../open.ts';
import type { Storage, Work } from '../storage.ts';
import { SqliteConnection } from './connection.ts';

interface Scene extends AsyncDisposable {
  readonly file: string;
  open(options?: { readonly lockTimeoutMs: number }): Promise<Storage>;
}

/** A folder of its own; what is opened in it is closed with it. */
async function openScene(): Promise<Scene> {
  const stack = new AsyncDisposableStack();
  const folder = stack.adopt(await mkdtemp(join(tmpdir(), 'crosswire-sqlite-')), (path) =>
    rm(path, { recursive: true, force: true }),
  );
  const file = join(folder, 'data', 'test.db');
  return {
    file,
    open: async (options) => stack.use(await openStorage({ url: `sqlite:${file}`, ...options })),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function reserve(work: Work, handle: string, user = 'u'): Promise<unknown> {
  return work.db.insertInto('handle_reservation').values({ handle, user_id: user, until: 1 }).execute();
}

async function handles(storage: Storage): Promise<readonly string[]> {
  const rows = await storage.reader
    .selectFrom('handle_reservation')
    .select('handle')
    .orderBy('handle')
    .execute();
  return rows.map((row) => row.handle);
}

it('makes folder and files for the eyes of their owner only', async () => {
  await using scene = await openScene();
  await scene.open();
  const modes = await Promise.all(
    [join(scene.file, '..'), scene.file, `${scene.file}-wal`, `${scene.file}-shm`].map(async (path) =>
      ((await stat(path)).mode & 0o777).toString(8),
    ),
  );
  assert.deepEqual(modes, ['700', '600', '600', '600']);
});

it('names the pragma that does not hold, what it is and what it should be', async () => {
  // A database in memory cannot have a write-ahead log, and says nothing when it is asked to.
  assert.throws(
    () => new SqliteConnection(':memory:', 'write'),
    /PRAGMA journal_mode is memory, expected wal/,
  );
});

it('lets a reader change nothing, whatever it sends', async () => {
  await using scene = await openScene();
  const storage = await scene.open();
  await storage.work((work) => reserve(work, 'kept'));
  const writing = sql`delete from handle_reservation`.execute(storage.reader as never);
  await assert.rejects(writing, { key: 'storage-unavailable' });
  assert.deepEqual(await handles(storage), ['kept']);
});

it('refuses with storage-full when there is no room, keeps what was committed, and goes on with room again', async () => {
  await using scene = await openScene();
  const storage = await scene.open();
  await storage.work((work) => reserve(work, 'before'));
  const limitPages = (pages: number) =>
    storage.work((work) => sql`pragma max_page_count = ${sql.raw(String(pages))}`.execute(work.db));
  await limitPages(1); // SQLite takes the present size instead.
  const large = 'x'.repeat(1_000_000);
  const results = await Promise.allSettled([
    storage.work((work) => reserve(work, 'with')),
    storage.work((work) => reserve(work, 'large', large)),
  ]);
  assert.deepEqual(
    results.map((result) => result.status === 'rejected' && result.reason.key),
    ['storage-full', 'storage-full'],
  );
  assert.deepEqual(await handles(storage), ['before']);
  await limitPages(1_000_000);
  await storage.work((work) => reserve(work, 'large', large));
  assert.deepEqual(await handles(storage), ['before', 'large']);
});

it('waits for another process that holds the lock, and reads meanwhile', async () => {
  await using scene = await openScene();
  const storage = await scene.open();
  const other = new DatabaseSync(scene.file);
  other.exec('BEGIN IMMEDIATE');
  const waiting = storage.work((work) => reserve(work, 'patient'));
  assert.deepEqual(await handles(storage), []);
  other.exec('COMMIT');
  other.close();
  await waiting;
  assert.deepEqual(await handles(storage), ['patient']);
});

it('refuses with storage-unavailable when another process holds the lock too long', async () => {
  await using scene = await openScene();
  const storage = await scene.open({ lockTimeoutMs: 50 });
  const other = new DatabaseSync(scene.file);
  other.exec('BEGIN IMMEDIATE');
  const blocked = storage.work((work) => reserve(work, 'blocked'));
  await assert.rejects(blocked, (error: Error) => {
    assert.match(error.message, /busy/);
    assert.ok(error.cause instanceof Error);
    return 'status' in error && error.status === 503;
  });
  other.exec('COMMIT');
  other.close();
  await storage.work((work) => reserve(work, 'after'));
  assert.deepEqual(await handles(storage), ['after']);
});

it('reads rows with the right names after another process has added a column', async () => {
  await using scene = await openScene();
  const storage = await scene.open();
  await storage.work((work) => reserve(work, 'a'));
  const all = () => storage.reader.selectFrom('handle_reservation').selectAll().execute();
  assert.deepEqual(await all(), [{ handle: 'a', user_id: 'u', until: 1 }]);
  const other = new DatabaseSync(scene.file);
  other.exec("ALTER TABLE handle_reservation ADD COLUMN why TEXT DEFAULT 'because'");
  other.close();
  assert.deepEqual(await all(), [{ handle: 'a', user_id: 'u', until: 1, why: 'because' }]);
});

it('goes on after more different statements than it keeps prepared', async () => {
  await using scene = await openScene();
  const storage = await scene.open();
  await storage.work((work) => reserve(work, 'a'));
  for (let count = 1; count <= 600; count += 1) {
    const rows = await storage.reader
      .selectFrom('handle_reservation')
      .select('until')
      .where(
        'handle',
        'in',
        Array.from({ length: count }, () => 'a'),
      )
      .execute();
    assert.deepEqual(rows, [{ until: 1 }]);
  }
});
