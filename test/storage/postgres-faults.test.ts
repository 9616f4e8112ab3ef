import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { sql } from 'kysely';
import { openStorage, type Storage } from '#storage';
import { openPostgresServer, type PostgresServer, until } from '#testkit';
import { reserve, reserved } from './storage-suite.ts';

/** What happens to units of work when PostgreSQL, or the way to it, goes away. */

const stack = new AsyncDisposableStack();
let server: PostgresServer;

before(async () => {
  server = stack.use(await openPostgresServer());
});
after(() => stack.disposeAsync());

async function open(poolSize: number): Promise<Storage> {
  return openStorage({ url: await server.createDatabase(), poolSize });
}

it('refuses cleanly while the server is down, and goes on when it is back', async () => {
  await using storage = await open(3);
  await storage.work((work) => reserve(work, 'before'));
  await server.stop();
  await assert.rejects(
    storage.work((work) => reserve(work, 'during')),
    { key: 'storage-unavailable', status: 503 },
  );
  await assert.rejects(reserved(storage.reader), { key: 'storage-unavailable' });
  await server.start();
  await storage.work((work) => reserve(work, 'after'));
  assert.deepEqual(await reserved(storage.reader), ['after', 'before']);
});

it('refuses the unit of work whose session the server ends, and rolls it back', async () => {
  await using storage = await open(2);
  const cut = storage.work(async (work) => {
    await reserve(work, 'cut');
    const own = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(work.db);
    await sql`select pg_terminate_backend(${own.rows[0]?.pid})`.execute(storage.reader as never);
    await reserve(work, 'after the cut');
  });
  await assert.rejects(cut, (error: Error) => {
    assert.ok(error.cause instanceof Error);
    return 'key' in error && error.key === 'storage-unavailable';
  });
  await storage.work((work) => reserve(work, 'next'));
  assert.deepEqual(await reserved(storage.reader), ['next']);
});

it('leaves no session in a transaction, however units of work end', async () => {
  await using storage = await open(1);
  const endings = [
    () => Promise.reject(new Error('thrown')),
    (work: Parameters<Parameters<Storage['work']>[0]>[0]) => sql`select no_such_column`.execute(work.db),
    (work: Parameters<Parameters<Storage['work']>[0]>[0]) => {
      void Promise.allSettled([sql`select pg_sleep(0.05)`.execute(work.db)]);
      return Promise.resolve();
    },
  ];
  for (const ending of endings) await assert.rejects(storage.work<unknown>(ending));
  await using observer = await openStorage({ url: await server.createDatabase() });
  await until('no session is in a transaction', async () => {
    const { rows } = await sql<{ count: number }>`
      select count(*) as count from pg_stat_activity where state like 'idle in transaction%'
    `.execute(observer.reader as never);
    return rows[0]?.count === 0;
  });
  await storage.work((work) => reserve(work, 'fine'));
  assert.deepEqual(await reserved(storage.reader), ['fine']);
});

it('runs a unit of work again when the server cannot serialize it, with one effect', async () => {
  await using one = await open(2);
  let runs = 0;
  let effects = 0;
  await one.work((work) => reserve(work, 'row', 0));
  await one.work(async (work) => {
    runs += 1;
    work.onCommit(() => {
      effects += 1;
    });
    await reserved(work.reader);
    if (runs === 1)
      await one.work((other) => other.db.updateTable('handle_reservation').set({ until: 5 }).execute());
    await work.db.updateTable('handle_reservation').set({ user_id: 'mine' }).execute();
  });
  const row = await one.reader.selectFrom('handle_reservation').selectAll().executeTakeFirstOrThrow();
  assert.deepEqual(
    { row, runs, effects },
    { row: { handle: 'row', user_id: 'mine', until: 5 }, runs: 2, effects: 1 },
  );
});

it('ends a connection attempt that is refused by name or password with its code', async () => {
  const url = new URL(await server.createDatabase());
  url.password = 'wrong';
  await assert.rejects(openStorage({ url: url.href }), /cannot be reached \(28P01\)/);
  url.password = 'password';
  url.pathname = '/absent';
  await assert.rejects(openStorage({ url: url.href }), /cannot be reached \(3D000\)/);
});
