import assert from 'node:assert/strict';
import { it } from 'node:test';
import { sql } from 'kysely';
import { openStorage } from '#storage';
import { type Dialect, reserve, reserved } from './storage-suite.ts';

/** Starting on a database that is new, known, shared or newer. */
export function migrationSuite(dialect: Dialect): void {
  it('starts again on its own database, with what it holds', async () => {
    const url = await dialect.freshUrl();
    {
      await using storage = await openStorage({ url });
      await storage.work((work) => reserve(work, 'kept'));
    }
    await using storage = await openStorage({ url });
    assert.deepEqual(await reserved(storage.reader), ['kept']);
  });

  it('migrates once when several start at the same time', async () => {
    const url = await dialect.freshUrl();
    const storages = await Promise.all(Array.from({ length: 4 }, () => openStorage({ url })));
    await using stack = new AsyncDisposableStack();
    for (const storage of storages) stack.use(storage);
    await Promise.all(storages.map((storage, index) => storage.work((work) => reserve(work, `by-${index}`))));
    for (const storage of storages)
      assert.deepEqual(await reserved(storage.reader), ['by-0', 'by-1', 'by-2', 'by-3']);
  });

  async function withMigration(name: string, breaking: number): Promise<string> {
    const url = await dialect.freshUrl();
    await using storage = await openStorage({ url });
    await storage.work((work) =>
      sql`insert into migration (name, applied_at, breaking) values (${name}, 0, ${breaking})`.execute(
        work.db,
      ),
    );
    return url;
  }

  it('refuses to start after a newer breaking migration, and names it', async () => {
    const url = await withMigration('9999-from-the-future', 1);
    await assert.rejects(openStorage({ url }), /newer version \(migration 9999-from-the-future\)/);
  });

  it('starts after a newer migration that breaks nothing', async () => {
    const url = await withMigration('9998-an-index-more', 0);
    await using storage = await openStorage({ url });
    assert.deepEqual(await reserved(storage.reader), []);
  });
}
