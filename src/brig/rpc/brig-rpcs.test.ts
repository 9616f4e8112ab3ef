import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { apiVersion, getUserByHandle, getUsersByIds, searchUsers } from '#contract/federation/brig.ts';
import type { BackendDomain, TeamId } from '#contract/ids.ts';
import type { RemoteDomain, SearchPolicy } from '#contract/profiles.ts';
import type { OutputOf, Rpc } from '#contract/rpc.ts';
import { createDispatcher } from '#contract/rpc-dispatch.ts';
import type { Storage } from '#storage';
import { withoutTeams } from '../accounts/team-needs.ts';
import { createClientDirectory } from '../clients/client-directory.ts';
import { createConnections } from '../connections/connections.ts';
import { withoutConversations, withoutInbox, withoutOutbox } from '../connections/needs.ts';
import { createOwnKeyPackages } from '../key-packages/own-key-packages.ts';
import { createClaims } from '../prekeys/claims.ts';
import {
  addAccounts,
  domain,
  newTeamId,
  newUserId,
  noFederation,
  openTestStorage,
  ownDomain,
  remoteDomain,
} from '../users/account-fixture.ts';
import { type BrigRpcNeeds, brigRpcTable } from './index.ts';

const allowedTeam = newTeamId();
const otherDomain = domain('c.example.com');

/** The rules of reference 2.6, over a fixed list. */
function rulesOf(list: readonly RemoteDomain[]): BrigRpcNeeds['remoteRules'] {
  const find = (name: BackendDomain) => list.find((entry) => entry.domain === name);
  return {
    searchPolicyFor(name, team) {
      const entry = find(name);
      if (entry === undefined) return 'no_search';
      if (entry.restriction.tag === 'allow_all') return entry.search_policy;
      return team !== null && entry.restriction.value.includes(team) ? entry.search_policy : 'no_search';
    },
    handlePolicyFor: (name) => find(name)?.search_policy ?? 'no_search',
    onlyInTeams: () => null,
    federatesWith: () => true,
    federatesWithBackend: (name) => find(name) !== undefined,
  };
}

function listed(
  search_policy: SearchPolicy,
  teams?: readonly TeamId[],
  name: BackendDomain = remoteDomain,
): RemoteDomain {
  return {
    domain: name,
    search_policy,
    restriction:
      teams === undefined
        ? { tag: 'allow_all', value: null }
        : { tag: 'restrict_by_team', value: [...teams] },
  };
}

/** Connections that tell nobody. */
function createConnectionNeeds(
  storage: Storage,
  teamRules: BrigRpcNeeds['remoteRules'],
): Pick<BrigRpcNeeds, 'connections' | 'events' | 'inbox' | 'deletion'> {
  const events = { push: async () => undefined };
  const connections = createConnections({
    ownDomain,
    storage,
    federation: noFederation,
    teamRules,
    events,
    outbox: withoutOutbox,
    conversations: withoutConversations,
    teams: withoutTeams,
    maxConnections: 1000,
    now: Date.now,
  });
  return { connections, events, inbox: withoutInbox, deletion: { removeExpired: () => undefined } };
}

/** Sends what a remote sends, through the dispatcher that stands behind the federator. */
async function send<R extends Rpc>(
  storage: Storage,
  remotes: readonly RemoteDomain[],
  rpc: R,
  input: unknown,
): Promise<{ readonly status: number; readonly body: OutputOf<R> & { readonly label?: string } }> {
  const { reader } = storage;
  const directory = createClientDirectory(storage);
  const claims = createClaims({ storage, directory, random: Math.random });
  const remoteRules = rulesOf(remotes);
  const lifetimes = () => ({ now: Date.now(), maximumMs: undefined });
  const keyPackages = createOwnKeyPackages({ ownDomain, storage, directory, lifetimes });
  const needs = {
    ...{ ownDomain, storage, reader, remoteRules, directory, claims },
    ...{ keyPackages, mlsEnabled: true, teams: withoutTeams },
  };
  const table = brigRpcTable({ ...needs, ...createConnectionNeeds(storage, remoteRules) });
  const transport = createDispatcher(table, {
    onBug: (error) => {
      throw error;
    },
  });
  const answer = await transport.send({
    component: rpc.component,
    rpc: rpc.name,
    originDomain: remoteDomain,
    requestId: 'test',
    version: '1',
    body: Buffer.from(JSON.stringify(input)),
    signal: new AbortController().signal,
  });
  const text = Buffer.from(answer.body as Uint8Array).toString('utf8');
  return { status: answer.status, body: JSON.parse(text) };
}

describe('api-version', () => {
  it('answers versions 0 and 1 to any input', async () => {
    await using db = await openTestStorage();
    for (const input of [[], {}, null]) {
      const { body } = await send(db.storage, [], apiVersion, input);
      assert.deepEqual(body, {
        supported_versions: [0, 1],
        supported: [0, 1],
        crosswire: { bundles: true },
      });
    }
  });
});

describe('get-user-by-handle', () => {
  it('shows the user under every policy but no_search, whatever the restriction to teams', async () => {
    await using db = await openTestStorage();
    const { storage } = db;
    await addAccounts(
      storage,
      { handle: 'bob', email: 'bob@example.org' },
      { handle: 'new', status: 'pending' },
    );
    const ask = async (remotes: readonly RemoteDomain[], handle: unknown = 'bob') =>
      (await send(storage, remotes, getUserByHandle, handle)).body;
    for (const policy of ['exact_handle_search', 'full_search'] as const) {
      for (const teams of [undefined, [allowedTeam]]) {
        const profile = await ask([listed(policy, teams)]);
        assert.equal(profile?.handle, 'bob');
        assert.equal('email' in profile, false);
      }
    }
    assert.equal(await ask([listed('no_search')]), null);
    assert.equal(await ask([]), null);
    assert.equal(await ask([listed('full_search', undefined, otherDomain)]), null);
    assert.equal(await ask([listed('full_search')], 'new'), null);
    assert.equal(await ask([listed('full_search')], 'nobody'), null);
  });

  it('refuses what is no handle', async () => {
    await using db = await openTestStorage();
    for (const handle of ['B', '@bob', '', 'b%', 5, null, ['bob']]) {
      const { status, body } = await send(db.storage, [listed('full_search')], getUserByHandle, handle);
      assert.deepEqual([status, body?.label], [400, 'bad-request'], JSON.stringify(handle));
    }
  });
});

describe('get-users-by-ids', () => {
  it('shows whoever exists without regard to search policies, deleted ones as such, without e-mail', async () => {
    await using db = await openTestStorage();
    const { storage } = db;
    const [bob, gone, pending] = await addAccounts(
      storage,
      { name: 'Bob', email: 'bob@example.org', handle: 'bob' },
      { status: 'deleted' },
      { status: 'pending' },
    );
    const ids = [bob?.id, gone?.id, pending?.id, newUserId(), bob?.id];
    const { body } = await send(storage, [], getUsersByIds, ids);
    assert.deepEqual(
      new Map(body.map((profile) => [profile.qualified_id.id as string, profile.deleted])),
      new Map([
        [bob?.id, undefined],
        [gone?.id, true],
      ]),
    );
    assert.ok(body.every((profile) => !('email' in profile) && profile.qualified_id.domain === ownDomain));
    assert.deepEqual((await send(storage, [], getUsersByIds, [])).body, []);
  });

  it('answers for 10,000 ids at once', async () => {
    await using db = await openTestStorage();
    const { storage } = db;
    const [bob] = await addAccounts(storage, { name: 'Bob' });
    const ids = [...Array.from({ length: 9_999 }, newUserId), bob?.id];
    const { body } = await send(storage, [], getUsersByIds, ids);
    assert.deepEqual(
      body.map((profile) => profile.name),
      ['Bob'],
    );
  });

  it('refuses what is no list of ids', async () => {
    await using db = await openTestStorage();
    for (const input of [null, {}, 'x', ['x'], [5], [{ domain: ownDomain, id: newUserId() }]]) {
      const { status } = await send(db.storage, [], getUsersByIds, input);
      assert.equal(status, 400, JSON.stringify(input));
    }
  });
});

describe('search-users', () => {
  const exact = ['Exact'];
  const all = ['Exact', 'Bobby'];
  const otherTeam = newTeamId();
  type Row = readonly [string, readonly RemoteDomain[], TeamId | null, SearchPolicy, readonly string[]];
  const table: readonly Row[] = [
    ['unlisted', [], null, 'no_search', []],
    ['no_search', [listed('no_search')], null, 'no_search', []],
    ['exact_handle_search', [listed('exact_handle_search')], null, 'exact_handle_search', exact],
    ['full_search', [listed('full_search')], null, 'full_search', all],
    ['full_search, any team', [listed('full_search')], otherTeam, 'full_search', all],
    ['restricted, no team', [listed('full_search', [allowedTeam])], null, 'no_search', []],
    ['restricted, other team', [listed('full_search', [allowedTeam])], otherTeam, 'no_search', []],
    ['restricted, listed team', [listed('full_search', [allowedTeam])], allowedTeam, 'full_search', all],
    [
      'restricted to exact handles, listed team',
      [listed('exact_handle_search', [allowedTeam])],
      allowedTeam,
      'exact_handle_search',
      exact,
    ],
    ['restricted to no team', [listed('full_search', [])], allowedTeam, 'no_search', []],
    [
      'a team that is listed for another backend',
      [listed('full_search', [allowedTeam], otherDomain), listed('full_search', [otherTeam])],
      allowedTeam,
      'no_search',
      [],
    ],
  ];
  for (const [what, remotes, from, policy, names] of table) {
    it(`finds ${JSON.stringify(names)} under ${policy}: ${what}`, async () => {
      await using db = await openTestStorage();
      const { storage } = db;
      await addAccounts(storage, { name: 'Bobby', handle: 'bobby' }, { name: 'Exact', handle: 'bob' });
      const { body } = await send(storage, remotes, searchUsers, { term: 'bob', from, onlyInTeams: null });
      assert.equal(body.searchPolicy, policy);
      assert.deepEqual(
        body.contacts.map((contact) => contact.name),
        names,
      );
    });
  }

  it('accepts a term alone and gives at most fifteen contacts, each once', async () => {
    await using db = await openTestStorage();
    const { storage } = db;
    await addAccounts(storage, ...Array.from({ length: 40 }, (_, n) => ({ name: 'Bob', handle: `bob${n}` })));
    const { body } = await send(storage, [listed('full_search')], searchUsers, { term: 'bob' });
    assert.equal(body.contacts.length, 15);
    assert.equal(new Set(body.contacts.map((contact) => contact.qualified_id.id)).size, 15);
  });

  it('holds to the teams that the caller wants to see, and computes the policy even for none', async () => {
    await using db = await openTestStorage();
    const { storage } = db;
    await addAccounts(
      storage,
      { name: 'Member', handle: 'member', team: allowedTeam },
      { name: 'Single', handle: 'single' },
    );
    const search = async (term: string, onlyInTeams: readonly TeamId[]) =>
      (await send(storage, [listed('full_search')], searchUsers, { term, from: null, onlyInTeams })).body;
    assert.equal((await search('member', [allowedTeam])).contacts.length, 1);
    assert.equal((await search('single', [allowedTeam])).contacts.length, 0);
    assert.deepEqual(await search('member', []), { contacts: [], searchPolicy: 'full_search' });
  });

  it('refuses a body of another form', async () => {
    await using db = await openTestStorage();
    for (const input of [
      null,
      'bob',
      {},
      { term: 5 },
      { term: 'x', from: 'x' },
      { term: 'x', onlyInTeams: 'x' },
    ]) {
      const { status } = await send(db.storage, [listed('full_search')], searchUsers, input);
      assert.equal(status, 400, JSON.stringify(input));
    }
  });
});
