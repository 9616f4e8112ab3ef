import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { getUsersByIds, sendConnectionAction } from '#contract/federation/brig.ts';
import {
  answers,
  createUser,
  type NetworkBackend,
  openNetwork,
  remoteBackend,
  request,
  type TestNetwork,
  type TestUser,
} from '#testkit';
import { getWithBody } from './get-with-body.ts';

/**
 * Connections over the real network: what each side's clients get, what travels, and what a client sees when the other
 * backend is down. All transitions are in `test/contract/connections-remote-suite.ts`.
 */
describe('connections between two backends', () => {
  let network: TestNetwork;
  let a: NetworkBackend;
  let b: NetworkBackend;

  before(async () => {
    network = await openNetwork({ backends: 2, set: { 'limits.connections': 3 } });
    a = network.backend(0);
    b = network.backend(1);
  });
  after(() => network[Symbol.asyncDispose]());

  const path = (other: TestUser) => `/connections/${other.domain}/${other.id}`;
  const ask = (user: TestUser, other: TestUser) => user.send(path(other), { method: 'POST' });
  const put = (user: TestUser, other: TestUser, status: string) =>
    user.send(path(other), { method: 'PUT', body: { status } });

  async function statuses(one: TestUser, other: TestUser): Promise<readonly unknown[]> {
    const [first, second] = await Promise.all([one.send(path(other)), other.send(path(one))]);
    return [first, second].map((answer) => (answer.status === 200 ? answer.get('status') : answer.status));
  }

  async function events(user: TestUser): Promise<readonly unknown[]> {
    const answer = await user.send('/notifications?size=1000');
    const list = answer.get('notifications') as readonly { readonly payload: readonly never[] }[];
    return list
      .flatMap(({ payload }) => payload as readonly Readonly<Record<string, unknown>>[])
      .filter(({ type }) => type === 'user.connection')
      .map(({ connection }) => (connection as { readonly status: string }).status);
  }

  async function meet(): Promise<readonly [TestUser, TestUser]> {
    return [await createUser(a, { name: 'Alice' }), await createUser(b, { name: 'Bob' })];
  }

  it('are asked for, accepted, blocked and unblocked, and each side is told of its own row', async () => {
    const [alice, bob] = await meet();
    assert.deepEqual(await statuses(alice, bob), [404, 404]);
    assert.equal((await alice.send(path(bob))).body, '');
    const asked = await ask(alice, bob);
    assert.equal(asked.status, 201);
    assert.deepEqual(asked.get('qualified_to'), { domain: b.domain, id: bob.id });
    assert.deepEqual(await statuses(alice, bob), ['sent', 'pending']);
    assert.equal((await put(bob, alice, 'accepted')).status, 200);
    assert.deepEqual(await statuses(alice, bob), ['accepted', 'accepted']);
    assert.equal((await put(alice, bob, 'blocked')).status, 200);
    assert.deepEqual(await statuses(alice, bob), ['blocked', 'accepted']);
    assert.equal((await put(alice, bob, 'accepted')).status, 200);
    assert.deepEqual(await statuses(alice, bob), ['accepted', 'accepted']);
    assert.deepEqual(await events(alice), ['sent', 'accepted', 'blocked', 'accepted']);
    assert.deepEqual(await events(bob), ['pending', 'accepted', 'accepted']);
  });

  it('are the same conversation on both sides', async () => {
    const [alice, bob] = await meet();
    await ask(alice, bob);
    const [one, other] = [await alice.send(path(bob)), await bob.send(path(alice))];
    assert.deepEqual(one.get('qualified_conversation'), other.get('qualified_conversation'));
    const listed = await alice.send('/list-connections', { body: {} });
    assert.deepEqual(listed.get('connections'), [one.body]);
  });

  it('that both ask for at once are accepted on both sides', async () => {
    for (let round = 0; round < 3; round += 1) {
      const [alice, bob] = await meet();
      const asked = await Promise.all([ask(alice, bob), ask(bob, alice)]);
      for (const answer of asked) assert.ok(answer.status === 200 || answer.status === 201);
      assert.deepEqual(await statuses(alice, bob), ['accepted', 'accepted']);
    }
  });

  it('count towards the configured limit', async () => {
    const [alice] = await meet();
    for (let count = 0; count < 3; count += 1) {
      const other = await createUser(count === 0 ? a : b, { name: 'Other' });
      assert.equal((await ask(alice, other)).status, 201);
    }
    const refused = await ask(alice, await createUser(b, { name: 'Fourth' }));
    assert.deepEqual([refused.status, refused.get('label')], [403, 'connection-limit']);
  });

  it('tell operators whether backends federate with each other', async () => {
    const status = (domains: readonly string[]) =>
      getWithBody(`${a.internalApi}/i/federation-status`, { domains });
    assert.deepEqual(await status([b.domain]), { status: 200, body: { status: 'fully-connected' } });
    assert.deepEqual(await status(['nowhere.example.com']), {
      status: 533,
      body: { unreachable_backends: ['nowhere.example.com'] },
    });
    assert.deepEqual(await status([]), { status: 200, body: { status: 'fully-connected' } });
  });

  it('tell operators how users stand', async () => {
    const [alice, bob] = await meet();
    await ask(alice, bob);
    const body = { from: [alice.id], to: [{ domain: b.domain, id: bob.id }] };
    const found = await request(`${a.internalApi}/i/users/connections-status/v2`, { body });
    assert.deepEqual(found.body, [
      { from: alice.id, qualified_to: { domain: b.domain, id: bob.id }, status: 'sent' },
    ]);
  });

  it('fail with the federation error while the other backend is down, and change nothing', async () => {
    const [alice, bob] = await meet();
    await ask(alice, bob);
    const carol = await createUser(b, { name: 'Carol' });
    await network.kill(b);
    try {
      for (const refused of [
        await ask(alice, carol),
        await put(alice, bob, 'cancelled'),
        await put(alice, bob, 'blocked'),
      ]) {
        assert.deepEqual([refused.status, refused.get('label')], [521, 'federation-connection-refused']);
        assert.equal((refused.get('data') as { readonly domain: string }).domain, b.domain);
      }
      assert.equal((await alice.send(path(carol))).status, 404);
      assert.equal((await alice.send(path(bob))).get('status'), 'sent');
    } finally {
      await network.start(b);
    }
    assert.deepEqual(await statuses(alice, bob), ['sent', 'pending']);
    assert.equal((await put(alice, bob, 'cancelled')).status, 200);
    assert.deepEqual(await statuses(alice, bob), ['cancelled', 'cancelled']);
  });

  it('ask the other backend for the team first, then act; block and ignore are not told', async () => {
    const [alice, bob] = await meet();
    await network.kill(b);
    try {
      const profile = {
        qualified_id: { domain: b.domain, id: bob.id },
        name: 'Bob',
        accent_id: 0,
        legalhold_status: 'no_consent',
      };
      await using remote = await remoteBackend(
        { authority: network.authority, infrastructureDomain: b.infrastructureDomain, ingress: b.ingress },
        [
          answers(getUsersByIds, [profile] as never),
          answers(sendConnectionAction, { tag: 'NewConnectionResponseOk', contents: 'RemoteConnect' }),
        ],
      );
      const asked = await ask(alice, bob);
      assert.deepEqual([asked.status, asked.get('status')], [201, 'accepted']);
      assert.equal((await put(alice, bob, 'blocked')).status, 200);
      const told = remote.received.filter(({ name }) => name !== 'brig/api-version');
      assert.deepEqual(
        told.map(({ name }) => name),
        ['brig/get-users-by-ids', 'brig/send-connection-action', 'brig/get-users-by-ids'],
      );
      assert.deepEqual(told[1]?.input, {
        from: alice.id,
        from_team: null,
        to: bob.id,
        action: 'RemoteConnect',
      });
    } finally {
      await network.start(b);
    }
  });
});
