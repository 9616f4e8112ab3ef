import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  createUser,
  gone,
  isRunning,
  type NetworkBackend,
  openNetwork,
  request,
  type TestNetwork,
  type TestUser,
  until,
} from '#testkit';

/*
 * Federator and components as processes of their own: the same contract over the two seams of the specification, with
 * HTTP in between, has to behave as it does by function.
 */

describe('a backend whose federator runs apart from its components', () => {
  let network: TestNetwork;
  let a: NetworkBackend;
  let b: NetworkBackend;
  let alice: TestUser;

  before(async () => {
    network = await openNetwork({
      backends: 2,
      roleSplit: true,
      set: { 'federation.strategy': 'allowDynamic' },
    });
    a = network.backend(0);
    b = network.backend(1);
    alice = await createUser(a, { name: 'Alice', handle: 'alice' });
    await createUser(b, { name: 'Bob', handle: 'bob' });
  });
  after(() => network[Symbol.asyncDispose]());

  async function allow(own: NetworkBackend, remote: NetworkBackend): Promise<void> {
    const restriction = { tag: 'allow_all', value: null };
    const body = { domain: remote.domain, search_policy: 'full_search', restriction };
    assert.equal((await request(`${own.internalApi}/i/federation/remotes`, { body })).status, 200);
  }

  it('names all its processes', () => {
    assert.equal(a.pids.length, 3);
    assert.ok(a.pids.every(isRunning));
  });

  it('refuses at its own federator what its list does not have', async () => {
    const answer = await alice.search('bob', b.domain);
    assert.deepEqual([answer.status, answer.get('label')], [400, 'federation-denied']);
  });

  it('finds people once both lists have each other, without a restart', async () => {
    await allow(a, b);
    await allow(b, a);
    const answer = await until('both federators to see the change', async () => {
      const tried = await alice.search('bob', b.domain);
      return tried.status === 200 ? tried : undefined;
    });
    assert.equal(answer.get('found'), 1);
  });

  it('counts federated requests at its federator', async () => {
    const outward = await request(`${a.outward}/i/metrics`);
    assert.match(
      String(outward.body),
      /com_wire_federator_outgoing_requests\{target_domain="b\.example\.com"\} [1-9]/,
    );
    const inward = await request(`${b.inward}/i/metrics`);
    assert.match(
      String(inward.body),
      /com_wire_federator_incoming_requests\{origin_domain="a\.example\.com"\} [1-9]/,
    );
  });

  it('comes back as a whole after a kill, and leaves no process behind', async () => {
    await network.kill(b);
    await network.start(b);
    const answer = await until('the remote to be reached again', async () => {
      const tried = await alice.search('bob', b.domain);
      return tried.status === 200 ? tried : undefined;
    });
    assert.equal(answer.get('found'), 1);
  });

  it('ends as a whole when one of its processes dies', async () => {
    const [supervisor = -1, federator = -1, components = -1] = a.pids;
    process.kill(federator, 'SIGKILL');
    await gone([supervisor, federator, components]);
  });
});
