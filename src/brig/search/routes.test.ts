import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { searchContacts } from '#contract/client/search.ts';
import type { TeamId, UserId } from '#contract/ids.ts';
import { Refusal, refuse } from '#contract/refusal.ts';
import { withoutTeams } from '../accounts/team-needs.ts';
import {
  addAccount,
  addAccounts,
  callRoute,
  newTeamId,
  newUserId,
  noFederation,
  openTestStorage,
  ownDomain,
  remoteDomain,
  scriptedFederation,
} from '../users/account-fixture.ts';
import type { RemoteRules } from './remote-rules.ts';
import { searchRoutes } from './routes.ts';

function rulesWith(onlyInTeams: readonly TeamId[] | null): RemoteRules {
  return {
    searchPolicyFor: () => 'no_search',
    handlePolicyFor: () => 'no_search',
    onlyInTeams: () => onlyInTeams,
  };
}

function contact(id: string, more: object = {}) {
  return {
    qualified_id: { domain: remoteDomain, id },
    id,
    name: 'Bob',
    accent_id: 1,
    handle: 'bob',
    team: null,
    ...more,
  };
}

function refusal(key: string) {
  return (error: unknown) => error instanceof Refusal && error.key === key;
}

describe('GET /search/contacts', () => {
  it('searches this backend and says how many it found under which policy', async () => {
    await using db = await openTestStorage();
    const { storage } = db;
    await addAccounts(storage, ...Array.from({ length: 20 }, (_, n) => ({ name: `Bob ${n}` })));
    const bob = await addAccount(storage, { name: 'The Bob', handle: 'bob', accent_id: 3 });
    const { reader } = storage;
    const routes = searchRoutes({
      ownDomain,
      reader,
      federation: noFederation,
      remoteRules: rulesWith([]),
      teams: withoutTeams,
    });
    const search = async (query: { q: string; size?: string; domain?: typeof ownDomain }) =>
      (await callRoute(routes, searchContacts, { userId: newUserId(), query })).body;
    const { took, documents, ...counts } = await search({ q: 'bob' });
    assert.deepEqual(counts, { found: 15, returned: 15, search_policy: 'full_search' });
    assert.ok(Number.isInteger(took));
    assert.deepEqual(documents[0], {
      qualified_id: { domain: ownDomain, id: bob.id },
      id: bob.id,
      name: 'The Bob',
      accent_id: 3,
      handle: 'bob',
      team: null,
    });
    assert.equal((await search({ q: 'bob', size: '500', domain: ownDomain })).returned, 21);
    assert.equal((await search({ q: 'bob', size: '1' })).returned, 1);
    assert.deepEqual((await search({ q: 'nobody' })).documents, []);
    for (const size of ['0', '501']) await assert.rejects(search({ q: 'bob', size }), refusal('bad-request'));
  });

  it('asks another backend with the searcher’s team and our restriction, and shows its policy', async () => {
    await using db = await openTestStorage();
    const { storage } = db;
    const team = newTeamId();
    const alice = await addAccount(storage, { name: 'Alice', team });
    const bob = contact(newUserId());
    const federation = scriptedFederation(() => ({ contacts: [bob], searchPolicy: 'exact_handle_search' }));
    const routes = searchRoutes({
      ownDomain,
      reader: storage.reader,
      federation,
      remoteRules: rulesWith(null),
      teams: withoutTeams,
    });
    const { body } = await callRoute(routes, searchContacts, {
      userId: alice.id as UserId,
      query: { q: 'bob', domain: remoteDomain, size: '500' },
    });
    assert.deepEqual(body, {
      documents: [bob],
      found: 1,
      returned: 1,
      took: 0,
      search_policy: 'exact_handle_search',
    });
    assert.deepEqual(federation.calls, [
      { domain: remoteDomain, rpc: 'search-users', input: { term: 'bob', from: team, onlyInTeams: null } },
    ]);
  });

  it('shows of a restricted or unlisted backend nobody but members of the allowed teams', async () => {
    await using db = await openTestStorage();
    const { reader } = db.storage;
    const allowed = newTeamId();
    const inTeam = contact(newUserId(), { team: allowed });
    const federation = scriptedFederation(() => ({
      contacts: [contact(newUserId()), contact(newUserId(), { team: newTeamId() }), inTeam],
      searchPolicy: 'full_search',
    }));
    const search = async (onlyInTeams: readonly TeamId[]) => {
      const routes = searchRoutes({
        ownDomain,
        reader,
        federation,
        remoteRules: rulesWith(onlyInTeams),
        teams: withoutTeams,
      });
      const query = { q: 'bob', domain: remoteDomain };
      return (await callRoute(routes, searchContacts, { userId: newUserId(), query })).body.documents;
    };
    assert.deepEqual(await search([allowed]), [inTeam]);
    assert.deepEqual(await search([]), []);
    assert.deepEqual(
      federation.calls.map(({ input }) => (input as { onlyInTeams: unknown }).onlyInTeams),
      [[allowed], []],
    );
  });

  const hostile: readonly (readonly [string, unknown, string])[] = [
    [
      'a user of ours',
      {
        contacts: [contact(newUserId(), { qualified_id: { domain: ownDomain, id: newUserId() } })],
        searchPolicy: 'full_search',
      },
      'federation-unexpected-body',
    ],
    ['an unknown policy', { contacts: [], searchPolicy: 'all' }, 'federation-invalid-body'],
    ['no list', { searchPolicy: 'full_search' }, 'federation-invalid-body'],
  ];
  for (const [what, answer, label] of hostile) {
    it(`refuses an answer with ${what}`, async () => {
      await using db = await openTestStorage();
      const federation = scriptedFederation(() => answer);
      const { reader } = db.storage;
      const routes = searchRoutes({
        ownDomain,
        reader,
        federation,
        remoteRules: rulesWith(null),
        teams: withoutTeams,
      });
      const query = { q: 'bob', domain: remoteDomain };
      await assert.rejects(callRoute(routes, searchContacts, { userId: newUserId(), query }), refusal(label));
    });
  }

  it('takes at most fifteen contacts of another backend, with odd legacy ids and unset members mended', async () => {
    await using db = await openTestStorage();
    const id = newUserId();
    const told = { qualified_id: { domain: remoteDomain, id }, id: 'odd', name: 'Bob', junk: true };
    const federation = scriptedFederation(() => ({
      contacts: Array(40).fill(told),
      searchPolicy: 'full_search',
    }));
    const { reader } = db.storage;
    const routes = searchRoutes({
      ownDomain,
      reader,
      federation,
      remoteRules: rulesWith(null),
      teams: withoutTeams,
    });
    const query = { q: 'bob', domain: remoteDomain };
    const { body } = await callRoute(routes, searchContacts, { userId: newUserId(), query });
    assert.equal(body.returned, 15);
    assert.deepEqual(body.documents[0], contact(id, { accent_id: null, handle: null }));
  });

  it('passes the failure of another backend on', async () => {
    await using db = await openTestStorage();
    const federation = scriptedFederation(() => {
      throw refuse('federation-denied');
    });
    const { reader } = db.storage;
    const routes = searchRoutes({
      ownDomain,
      reader,
      federation,
      remoteRules: rulesWith(null),
      teams: withoutTeams,
    });
    const query = { q: 'bob', domain: remoteDomain };
    await assert.rejects(
      callRoute(routes, searchContacts, { userId: newUserId(), query }),
      refusal('federation-denied'),
    );
  });
});
