import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { searchUsers } from '#contract/federation/brig.ts';
import type { BackendDomain, Handle, UserId } from '#contract/ids.ts';
import {
  answers,
  createUser,
  type NetworkBackend,
  openNetwork,
  remoteBackend,
  request,
  type TestNetwork,
  type TestUser,
  until,
} from '#testkit';

/*
 * User discovery across backends: Alice of A searches for people of B with her own backend, and gets what B's policy
 * for A lets her see, or the failure of the hop that refused. Reference federation-api 7.1, 2.6 and 3.3.
 */

let network: TestNetwork;
let a: NetworkBackend;
let b: NetworkBackend;
let alice: TestUser;
let bob: TestUser;

before(async () => {
  network = await openNetwork({ backends: 2, set: { 'federation.strategy': 'allowDynamic' } });
  a = network.backend(0);
  b = network.backend(1);
  [alice, bob] = await Promise.all([
    createUser(a, { name: 'Alice', handle: 'alice' }),
    createUser(b, { name: 'Robert Builder', handle: 'bob' }),
  ]);
});
after(() => network[Symbol.asyncDispose]());

type Policy = 'no_search' | 'exact_handle_search' | 'full_search';

function allow(own: NetworkBackend, remote: NetworkBackend, policy: Policy = 'full_search') {
  const body = {
    domain: remote.domain,
    search_policy: policy,
    restriction: { tag: 'allow_all', value: null },
  };
  return request(`${own.internalApi}/i/federation/remotes`, { body });
}

function deny(own: NetworkBackend, remote: NetworkBackend) {
  return request(`${own.internalApi}/i/federation/remotes/${remote.domain}`, { method: 'DELETE' });
}

function handlesIn(documents: unknown): readonly unknown[] {
  return (documents as readonly { readonly handle: string }[]).map(({ handle }) => handle);
}

describe('searching for people of a remote backend', () => {
  beforeEach(async () => {
    await allow(a, b);
    await allow(b, a);
  });

  it('finds by handle, with the id and the policy of the remote', async () => {
    const answer = await alice.search('bob', b.domain);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    const [found] = answer.get('documents') as readonly Record<string, unknown>[];
    assert.deepEqual(found?.qualified_id, { domain: b.domain, id: bob.id });
    assert.equal(answer.get('search_policy'), 'full_search');
    assert.equal(answer.get('found'), 1);
  });

  it('finds by the beginning of a name under full_search', async () => {
    assert.deepEqual(handlesIn((await alice.search('build', b.domain)).get('documents')), ['bob']);
  });

  it('finds by the exact handle only under exact_handle_search, at once after the change', async () => {
    await allow(b, a, 'exact_handle_search');
    assert.deepEqual(handlesIn((await alice.search('build', b.domain)).get('documents')), []);
    const exact = await alice.search('bob', b.domain);
    assert.deepEqual(handlesIn(exact.get('documents')), ['bob']);
    assert.equal(exact.get('search_policy'), 'exact_handle_search');
  });

  it('finds nobody under no_search', async () => {
    await allow(b, a, 'no_search');
    const answer = await alice.search('bob', b.domain);
    assert.deepEqual(
      [answer.status, answer.get('found'), answer.get('search_policy')],
      [200, 0, 'no_search'],
    );
  });

  it('works the other way round', async () => {
    assert.deepEqual(handlesIn((await bob.search('alice', a.domain)).get('documents')), ['alice']);
  });

  it('answers invalid-domain for a domain without a backend', async () => {
    const c = { ...b, domain: 'c.example.com' };
    await allow(a, c);
    const answer = await alice.search('bob', c.domain);
    await deny(a, c);
    assert.deepEqual([answer.status, answer.get('label')], [422, 'invalid-domain']);
    assert.match(String(answer.get('message')), /_wire-server-federator\._tcp\.c\.example\.com/);
  });

  it('is refused by the own backend when the remote is not on its list, before anything leaves', async () => {
    await deny(a, b);
    const answer = await alice.search('bob', b.domain);
    assert.deepEqual([answer.status, answer.get('label')], [400, 'federation-denied']);
    assert.match(String(answer.get('message')), /b\.example\.com/);
  });

  it('passes on that the remote refuses when the own backend is not on its list', async () => {
    await deny(b, a);
    const answer = await alice.search('bob', b.domain);
    assert.deepEqual([answer.status, answer.get('label')], [533, 'federation-remote-error']);
    const inner = answer.get('inner') as Record<string, unknown>;
    assert.deepEqual([inner.code, inner.label], [400, 'federation-denied']);
  });
});

describe('searching while the remote is down', () => {
  before(async () => {
    await allow(a, b);
    await allow(b, a);
    await network.kill(b);
  });

  it('answers that the remote cannot be reached', async () => {
    const answer = await alice.search('bob', b.domain);
    assert.deepEqual([answer.status, answer.get('label')], [521, 'federation-connection-refused']);
    assert.deepEqual((answer.get('data') as Record<string, unknown>).domain, b.domain);
  });

  it('reaches whoever listens there with a certificate of its name, and sends what the reference says', async () => {
    const documents = [
      {
        qualified_id: { domain: b.domain as BackendDomain, id: bob.id as UserId },
        id: bob.id as UserId,
        name: 'Stand-in',
        handle: 'stand.in' as Handle,
        accent_id: 3,
        team: null,
      },
    ];
    await using remote = await remoteBackend({ ...b, authority: network.authority }, [
      answers(searchUsers, { contacts: documents, searchPolicy: 'full_search' }),
    ]);
    const answer = await until('the remote to be tried again', async () => {
      const tried = await alice.search('stand', b.domain);
      return tried.status === 200 ? tried : undefined;
    });
    assert.deepEqual(answer.get('documents'), documents);
    const calls = remote.received.filter(({ name }) => name === 'brig/search-users');
    assert.deepEqual(calls.at(-1)?.input, { term: 'stand', from: null, onlyInTeams: null });
    assert.equal(calls.at(-1)?.originDomain, a.domain);
    assert.equal(calls.at(-1)?.version, '1');
  });

  it('finds again once the remote is back', async () => {
    await network.start(b);
    const answer = await until('the remote to be reached again', async () => {
      const tried = await alice.search('bob', b.domain);
      return tried.status === 200 ? tried : undefined;
    });
    assert.deepEqual(handlesIn(answer.get('documents')), ['bob']);
  });
});
