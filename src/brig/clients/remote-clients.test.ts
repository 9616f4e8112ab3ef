import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { newUserId, remoteDomain, scriptedFederation } from '../users/account-fixture.ts';
import { createRemoteClients } from './remote-clients.ts';

const [alice, bob, carol] = [newUserId(), newUserId(), newUserId()];

/** A remote whose answers wait until they are let go. */
function slowRemote() {
  const held: (() => void)[] = [];
  const federation = scriptedFederation(async ({ input }) => {
    await new Promise<void>((resolve) => held.push(resolve));
    const { users } = input as { readonly users: readonly UserId[] };
    return Object.fromEntries(users.map((id) => [id, [{ id: 'a1', class: 'phone' }]]));
  });
  const askedFor = () => federation.calls.map(({ input }) => (input as { users: UserId[] }).users);
  /** Answers the oldest question, and comes back when whatever it lets happen has happened. */
  const answer = async () => {
    held.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { federation, askedFor, answer };
}

describe('clients of a remote', () => {
  it('are asked for in one question for all that come while another is under way', async () => {
    const { federation, askedFor, answer } = slowRemote();
    const remote = createRemoteClients(federation);
    const first = remote.clientsOf(remoteDomain, [alice]);
    await new Promise((resolve) => setImmediate(resolve));
    const later = [
      remote.clientsOf(remoteDomain, [bob, carol]),
      remote.clientsOf(remoteDomain, [alice, bob]),
    ];
    assert.deepEqual(askedFor(), [[alice]]);
    await answer();
    assert.deepEqual([...(await first).keys()], [alice]);
    assert.deepEqual(askedFor(), [[alice], [bob, carol, alice]]);
    await answer();
    const [second, third] = await Promise.all(later);
    assert.deepEqual([...(second?.keys() ?? [])], [bob, carol]);
    assert.deepEqual(third?.get(alice), [{ id: 'a1', class: 'phone' }]);
    assert.equal(askedFor().length, 2);
  });

  it('are asked for anew when nothing is under way', async () => {
    const { federation, askedFor, answer } = slowRemote();
    const remote = createRemoteClients(federation);
    for (let times = 1; times <= 2; times += 1) {
      const asked = remote.clientsOf(remoteDomain, [alice]);
      await new Promise((resolve) => setImmediate(resolve));
      await answer();
      assert.equal((await asked).get(alice)?.length, 1);
      assert.equal(askedFor().length, times);
    }
  });

  it('are split into questions of a bounded size', async () => {
    const { federation, askedFor, answer } = slowRemote();
    const remote = createRemoteClients(federation);
    const many = () => Array.from({ length: 1_500 }, newUserId);
    const all = [remote.clientsOf(remoteDomain, many()), remote.clientsOf(remoteDomain, many())];
    for (let questions = 0; questions < 2; questions += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      await answer();
    }
    for (const asked of await Promise.all(all)) assert.equal(asked.size, 1_500);
    assert.deepEqual(
      askedFor().map((users) => users.length),
      [1_500, 1_500],
    );
  });

  it('fail for those who waited for the question that failed, not for the next ones', async () => {
    let isDown = true;
    const federation = scriptedFederation(() => {
      if (isDown) throw refuse('federation-connection-refused');
      return {};
    });
    const remote = createRemoteClients(federation);
    await assert.rejects(remote.clientsOf(remoteDomain, [alice]), { key: 'federation-connection-refused' });
    isDown = false;
    assert.deepEqual([...(await remote.clientsOf(remoteDomain, [alice]))], [[alice, []]]);
  });

  const hostile: readonly (readonly [string, unknown, string])[] = [
    ['is about somebody else', { [bob]: [] }, 'federation-unexpected-body'],
    ['names no user', { 'not-an-id': [] }, 'federation-invalid-body'],
    ['is a list', [], 'federation-invalid-body'],
    ['has a client without an id', { [alice]: [{ class: 'phone' }] }, 'federation-invalid-body'],
    ['has an id that is none', { [alice]: [{ id: 'x' }] }, 'federation-invalid-body'],
    ['has an unknown class', { [alice]: [{ id: '1', class: 'fridge' }] }, 'federation-invalid-body'],
  ];
  for (const [what, told, key] of hostile) {
    it(`are not believed when the answer ${what}`, async () => {
      const remote = createRemoteClients(scriptedFederation(() => told));
      await assert.rejects(remote.clientsOf(remoteDomain, [alice]), { key });
    });
  }

  it('are told once each, in their canonical form and without further members', async () => {
    const told = [{ id: '00A1', class: 'phone', secret: 1 }, { id: 'a1' }, { id: 'b2' }];
    const remote = createRemoteClients(scriptedFederation(() => ({ [alice.toUpperCase()]: told })));
    const clients = await remote.clientsOf(remoteDomain, [alice]);
    assert.deepEqual(clients.get(alice), [{ id: 'a1' }, { id: 'b2' }]);
  });
});
