import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { TeamId, UserId } from '#contract/ids.ts';
import { type AccountRow, openStorage, type Storage } from '#storage';
import { openPostgresServer, type PostgresServer } from '#testkit';
import { addAccount, addAccounts, newTeamId, newUserId, openTestStorage } from '../users/account-fixture.ts';
import { indexAccount } from './search-index.ts';
import { type Searcher, searchLocal } from './search-local.ts';
import { setSearchable } from './searchable-teams.ts';

const stranger: Searcher = { kind: 'own', userId: newUserId(), team: undefined };

async function find(
  { reader }: Storage,
  term: string,
  { searcher = stranger, limit = 15 } = {},
): Promise<readonly string[]> {
  const accounts = await searchLocal(reader, { term, limit, searcher });
  return accounts.map((account) => account.name);
}

/** Opens an empty database for each test; PostgreSQL runs once for all of them. */
function databasesOf(
  dialect: Storage['dialect'],
): () => Promise<{ readonly storage: Storage } & AsyncDisposable> {
  if (dialect === 'sqlite') return openTestStorage;
  let server: PostgresServer | undefined;
  before(async () => {
    server = await openPostgresServer();
  });
  after(() => server?.[Symbol.asyncDispose]());
  return async () => {
    assert.ok(server !== undefined);
    const storage = await openStorage({ url: await server.createDatabase() });
    return { storage, [Symbol.asyncDispose]: () => storage[Symbol.asyncDispose]() };
  };
}

for (const dialect of ['sqlite', 'postgres'] as const)
  describe(`searchLocal on ${dialect}`, () => {
    const open = databasesOf(dialect);

    it('ranks the exact handle, then handles, names and words that begin with the term', async () => {
      await using db = await open();
      const { storage } = db;
      await addAccounts(
        storage,
        { name: 'Maria Boberg', handle: 'word' },
        { name: 'Bobby', handle: 'name' },
        { name: 'Handle', handle: 'bobcat' },
        { name: 'Exact', handle: 'bob' },
        { name: 'Abob', handle: 'nobob' },
      );
      assert.deepEqual(await find(storage, 'bob'), ['Exact', 'Handle', 'Bobby', 'Maria Boberg']);
      assert.deepEqual(await find(storage, '@BOBC'), ['Handle']);
      assert.deepEqual(await find(storage, 'bob', { limit: 2 }), ['Exact', 'Handle']);
      assert.deepEqual(await find(storage, 'bob', { limit: 1 }), ['Exact']);
    });

    it('finds each user once, though handle and several words match', async () => {
      await using db = await open();
      const { storage } = db;
      await addAccounts(
        storage,
        { name: 'Anna Annason Ann Anna', handle: 'anna' },
        { name: 'Ann', handle: 'zz' },
      );
      assert.deepEqual(await find(storage, 'ann'), ['Anna Annason Ann Anna', 'Ann']);
    });

    it('wants every word of the term, in any order, each as the beginning of a word', async () => {
      await using db = await open();
      const { storage } = db;
      await addAccounts(
        storage,
        { name: 'Anna Maria Smith' },
        { name: 'Anna Jones' },
        { name: 'Joanna Smith' },
      );
      assert.deepEqual(await find(storage, 'smi ann'), ['Anna Maria Smith']);
      assert.deepEqual(await find(storage, 'mar an smith'), ['Anna Maria Smith']);
      assert.deepEqual(await find(storage, 'smith jones'), []);
      assert.deepEqual(await find(storage, 'anna an'), ['Anna Jones', 'Anna Maria Smith']);
      assert.deepEqual(await find(storage, 'pub smith'), []);
    });

    it('finds names in any spelling of their letters', async () => {
      await using db = await open();
      const { storage } = db;
      await addAccounts(storage, { name: 'Zoë Groß' }, { name: 'Дмитрий' }, { name: '田中さくら' });
      for (const term of ['zoe', 'ZOË', 'zoe\u0308', 'gross', 'GROß']) {
        assert.deepEqual(await find(storage, term), ['Zoë Groß'], term);
      }
      for (const term of ['дми', 'dmitri']) assert.deepEqual(await find(storage, term), ['Дмитрий']);
      assert.deepEqual(await find(storage, '田中'), ['田中さくら']);
    });

    it('takes wildcards, quotes and control characters for what they are', async () => {
      await using db = await open();
      const { storage } = db;
      await addAccounts(storage, { name: 'Percent', handle: 'a_b' }, { name: 'Other', handle: 'axb' });
      assert.deepEqual(await find(storage, 'a_'), ['Percent']);
      for (const term of [
        '%',
        '_',
        '__',
        "' or 1=1 --",
        '\\',
        '\u0000',
        '\ud800',
        '',
        '   ',
        'h:public:',
        '*',
        ':',
      ]) {
        assert.deepEqual(await find(storage, term), [], JSON.stringify(term));
      }
      assert.deepEqual(await find(storage, 'x'.repeat(100_000)), []);
    });

    it('leaves out the searcher unless it asks for its own handle, and everybody who is not active', async () => {
      await using db = await open();
      const { storage } = db;
      const self = await addAccount(storage, { name: 'Bob Self', handle: 'bob.self' });
      await addAccounts(
        storage,
        { name: 'Bob Other' },
        { name: 'Bob Pending', status: 'pending', handle: 'bob.pending' },
        { name: 'Bob Gone', status: 'deleted', handle: 'bob.gone' },
        { name: 'Bob Suspended', status: 'suspended', handle: 'bob.suspended' },
      );
      const searcher: Searcher = { kind: 'own', userId: self.id as UserId, team: undefined };
      assert.deepEqual(await find(storage, 'bob', { searcher, limit: 1 }), ['Bob Other']);
      assert.deepEqual(await find(storage, 'bob.self', { searcher }), ['Bob Self']);
      for (const status of ['pending', 'gone', 'suspended']) {
        assert.deepEqual(await find(storage, `bob.${status}`), []);
      }
    });

    it('shows team members by name to their team only, first of all, and by handle to every own user', async () => {
      await using db = await open();
      const { storage } = db;
      const team = newTeamId();
      await addAccounts(
        storage,
        { name: 'Bob Public', handle: 'bob.aaa' },
        { name: 'Bob Team', team },
        { name: 'Bob Rival', handle: 'bob.rival', team: newTeamId() },
      );
      const memberWho = (staysInside: boolean): Searcher => ({
        kind: 'own',
        userId: newUserId(),
        team: { id: team, staysInside },
      });
      const member = memberWho(false);
      assert.deepEqual(await find(storage, 'bob', { searcher: member }), ['Bob Team', 'Bob Public']);
      const insider = memberWho(true);
      assert.deepEqual(await find(storage, 'bob', { searcher: insider }), ['Bob Team']);
      assert.deepEqual(await find(storage, 'bob.rival', { searcher: insider }), ['Bob Rival']);
      assert.deepEqual(await find(storage, 'bob'), ['Bob Public']);
      assert.deepEqual(await find(storage, 'bob.rival'), ['Bob Rival']);
    });

    it('gives another backend people without a team, and of the teams it may see those whose handle it knows', async () => {
      await using db = await open();
      const { storage } = db;
      const team = newTeamId();
      await addAccounts(
        storage,
        { name: 'Bob Public', handle: 'bob' },
        { name: 'Bob Team', handle: 'bobt', team },
      );
      const as = (onlyInTeams: readonly TeamId[] | null) => ({
        searcher: { kind: 'remote', onlyInTeams } satisfies Searcher,
      });
      assert.deepEqual(await find(storage, 'bob', as(null)), ['Bob Public']);
      assert.deepEqual(await find(storage, 'bobt', as(null)), ['Bob Team']);
      assert.deepEqual(await find(storage, 'bobt', as([team])), ['Bob Team']);
      assert.deepEqual(await find(storage, 'bobt', as([newTeamId()])), []);
      assert.deepEqual(await find(storage, 'bob', as([team])), []);
      assert.deepEqual(await find(storage, 'bob', as([])), []);
    });

    it('shows members of a team that everybody may search to other teams and backends, until it may not', async () => {
      await using db = await open();
      const { storage } = db;
      const [team, other] = [newTeamId(), newTeamId()];
      await addAccounts(storage, { name: 'Bob Early', team }, { name: 'Bob Other', team: other });
      const set = (searchable: boolean) => storage.work((work) => setSearchable(work, team, searchable));
      await set(true);
      await set(true);
      await addAccounts(storage, { name: 'Late Bob', handle: 'bob.late', team });
      const searcher = (id: TeamId): Searcher => ({
        kind: 'own',
        userId: newUserId(),
        team: { id, staysInside: false },
      });
      const remote = (onlyInTeams: readonly TeamId[] | null): Searcher => ({ kind: 'remote', onlyInTeams });
      const found = ['Late Bob', 'Bob Early'];
      assert.deepEqual(await find(storage, 'bob', { searcher: searcher(newTeamId()) }), found);
      assert.deepEqual(await find(storage, 'bob', { searcher: searcher(team) }), found);
      assert.deepEqual(await find(storage, 'bob', { searcher: remote(null) }), found);
      assert.deepEqual(await find(storage, 'bob', { searcher: remote([other, team]) }), found);
      assert.deepEqual(await find(storage, 'bob', { searcher: remote([other]) }), []);
      assert.deepEqual(await find(storage, 'bob'), []);
      await set(false);
      for (const outsider of [searcher(newTeamId()), remote(null), remote([team])])
        assert.deepEqual(await find(storage, 'bob', { searcher: outsider }), []);
      assert.deepEqual(await find(storage, 'bob', { searcher: searcher(team) }), found);
    });

    it('forgets the old name, handle and team when an account changes, and all of it when it leaves', async () => {
      await using db = await open();
      const { storage } = db;
      const before = await addAccount(storage, { name: 'Old Name', handle: 'oldhandle' });
      const change = (values: Partial<AccountRow>) =>
        storage.work(async (work) => {
          const account = { ...before, ...values };
          await work.db.updateTable('account').set(account).where('id', '=', account.id).execute();
          await indexAccount(work, account);
        });
      await change({ name: 'New Name', handle: 'newhandle' });
      for (const term of ['old', 'oldhandle']) assert.deepEqual(await find(storage, term), []);
      for (const term of ['new', 'name', 'newhandle'])
        assert.deepEqual(await find(storage, term), ['New Name']);
      await change({ team: newTeamId() });
      assert.deepEqual(await find(storage, 'new'), []);
      await change({ status: 'deleted' });
      assert.deepEqual(await storage.reader.selectFrom('search_term').selectAll().execute(), []);
    });
  });
