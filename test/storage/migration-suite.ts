import assert from 'node:assert/strict';
import { it } from 'node:test';
import { sql } from 'kysely';
import { openStorage } from '#storage';
import { accountRow } from '../../src/brig/users/account-fixture.ts';
import { type Dialect, reserve, reserved } from './storage-suite.ts';

/** The tables that came with teams. */
const newTables = ['team', 'team_member', 'team_invitation', 'team_notification', 'searchable_team'];

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

  it('makes the owners of teams of those who had founded them', async () => {
    const url = await dialect.freshUrl();
    const team = '00000000-0000-0000-0000-00000000000a';
    const feature = { team, feature: 'searchVisibilityInbound', status: 'enabled', lock_status: 'unlocked' };
    {
      await using storage = await openStorage({ url });
      await storage.work(async (work) => {
        for (const table of newTables) await sql`drop table ${sql.table(table)}`.execute(work.db);
        await sql`delete from migration where name = '0015-teams'`.execute(work.db);
        await work.db
          .insertInto('account')
          .values([accountRow({ id: 'founder', name: 'Alice', team }), accountRow({ id: 'other' })])
          .execute();
        await work.db
          .insertInto('search_term')
          .values({ term: `n:team-${team}: alice`, user_id: 'founder' })
          .execute();
        await work.db
          .insertInto('team_feature')
          .values({ ...feature, config: null })
          .execute();
      });
    }
    await using storage = await openStorage({ url });
    const { reader } = storage;
    const teams = await reader.selectFrom('team').select(['id', 'creator', 'name']).execute();
    assert.deepEqual(teams, [{ id: team, creator: 'founder', name: 'Alice' }]);
    const members = await reader.selectFrom('team_member').select(['user_id', 'permissions']).execute();
    assert.deepEqual(members, [{ user_id: 'founder', permissions: 8191 }]);
    const terms = await reader.selectFrom('search_term').select('term').orderBy('term').execute();
    assert.deepEqual(
      terms.map(({ term }) => term),
      ['n:open: alice', `n:team-${team}: alice`],
    );
  });

  it('keeps the codes that providers were mailed', async () => {
    const url = await dialect.freshUrl();
    {
      await using storage = await openStorage({ url });
      await storage.work(async ({ db }) => {
        await sql`drop table provider_code`.execute(db);
        await sql`alter table provider drop column sessions_ended_until`.execute(db);
        await sql`
          create table provider_activation
            (key text, provider text, email text, email_key text, code text, tries integer, expires_at bigint)
        `.execute(db);
        await sql`
          insert into provider_activation values ('key', 'makers', 'Makers@x.org', 'makers@x.org', 'code', 2, 7)
        `.execute(db);
        await sql`
          insert into provider (id, name, url, description, password_hash) values ('makers', '', '', '', '')
        `.execute(db);
        await sql`delete from migration where name = '0022-provider-codes'`.execute(db);
      });
    }
    await using storage = await openStorage({ url });
    const { reader } = storage;
    assert.deepEqual(await reader.selectFrom('provider_code').selectAll().execute(), [
      {
        ...{ key: 'key', purpose: 'activation', provider: 'makers', email: 'Makers@x.org' },
        ...{ email_key: 'makers@x.org', code: 'code', tries: 2, sent_at: 0, expires_at: 7 },
      },
    ]);
    const providers = await reader.selectFrom('provider').select(['id', 'sessions_ended_until']).execute();
    assert.deepEqual(providers, [{ id: 'makers', sessions_ended_until: 0 }]);
  });

  it('starts after a newer migration that breaks nothing', async () => {
    const url = await withMigration('9998-an-index-more', 0);
    await using storage = await openStorage({ url });
    assert.deepEqual(await reserved(storage.reader), []);
  });
}
