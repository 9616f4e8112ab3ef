import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { MlsClient, type MlsTestGroup, openNetwork, type TestNetwork } from '#testkit';
import { expectStatus, othersSeenBy, pathOf } from './conversation-rig.ts';
import { followed, openTrio, welcomed } from './mls-rig.ts';

/*
 * Who is gone is proposed for removal by the owner's backend, and taken out by a member's commit. Alice on A owns the
 * group, Bob and Carol are on B.
 */

const message = 'conversation.mls-message-add';

describe('the owner of a group proposes to remove', () => {
  let network: TestNetwork;
  let alice: MlsClient;
  let bob: MlsClient;
  let carol: MlsClient;
  let group: MlsTestGroup;
  before(async () => {
    network = await openNetwork({ backends: 2 });
  });
  after(() => network[Symbol.asyncDispose]());
  beforeEach(async () => {
    ({ alice, bob, carol, group } = await openTrio(network));
    await alice.catchUp();
  });

  /** Bob commits what the backend has proposed, and what he then says is read by Alice and by nobody else. */
  async function isTakenOut(gone: MlsClient): Promise<void> {
    for (const member of [alice, bob]) {
      const { failures } = await followed(member, ({ types }) => types.includes(message));
      assert.deepEqual(failures, []);
    }
    expectStatus(await bob.commit(group), 201);
    await followed(alice, ({ types }) => types.includes(message));
    expectStatus(await bob.send(group, 'without them'), 201);
    const { texts } = await followed(alice, (seen) => seen.texts.length > 0);
    assert.deepEqual(texts, ['without them']);
    assert.equal(gone.device.epoch(group.groupId), 1n);
  }

  it('the clients of a user who leaves', async () => {
    const self = `${pathOf(group)}/members/${carol.user.domain}/${carol.user.id}`;
    expectStatus(await carol.user.send(self, { method: 'DELETE' }), 200);
    await isTakenOut(carol);
    assert.deepEqual(await othersSeenBy(bob.user, group), [alice.user.id]);
  });

  it('the clients of a user of another backend who is deleted', async () => {
    const body = { password: carol.user.password };
    expectStatus(await carol.user.send('/self', { method: 'DELETE', body }), 200);
    await isTakenOut(carol);
  });

  it('a client that is deleted, whose user stays', async () => {
    const path = `/clients/${carol.clientId}`;
    const body = { password: carol.user.password };
    expectStatus(await carol.user.send(path, { method: 'DELETE', body }), 200);
    await isTakenOut(carol);
    assert.deepEqual(await othersSeenBy(bob.user, group), [alice.user.id, carol.user.id].toSorted());
  });

  it('an own client that is deleted', async () => {
    const second = await MlsClient.register(network.backend(0), alice.user);
    expectStatus(await alice.add(group, alice.user), 201);
    await welcomed(second);
    await alice.catchUp();
    const body = { password: alice.user.password };
    expectStatus(await alice.user.send(`/clients/${second.clientId}`, { method: 'DELETE', body }), 200);
    for (const member of [alice, bob]) await followed(member, ({ types }) => types.includes(message));
    expectStatus(await alice.commit(group), 201);
  });

  it('again after somebody has joined by itself', async () => {
    const self = `${pathOf(group)}/members/${carol.user.domain}/${carol.user.id}`;
    expectStatus(await carol.user.send(self, { method: 'DELETE' }), 200);
    const second = await MlsClient.register(network.backend(1), bob.user);
    expectStatus(await second.joinExternally(group), 201);
    // The proposal of the old epoch, the commit of the new one, the proposal again.
    for (const member of [alice, bob])
      await followed(member, ({ types }) => types.filter((type) => type === message).length >= 3);
    await followed(second, ({ types }) => types.includes(message));
    expectStatus(await second.commit(group), 201);
    await followed(alice, ({ types }) => types.includes(message));
    expectStatus(await second.send(group, 'hello'), 201);
    const { texts } = await followed(alice, (seen) => seen.texts.length > 0);
    assert.deepEqual(texts, ['hello']);
  });

  it('nobody whom a commit has removed, and who gets that commit', async () => {
    expectStatus(await alice.commit(group, { remove: [2] }), 201);
    const { types } = await followed(carol, (seen) => seen.types.includes('conversation.member-leave'));
    assert.ok(!types.includes('conversation.mls-welcome'));
    assert.deepEqual(await othersSeenBy(bob.user, group), [alice.user.id]);
    expectStatus(await alice.commit(group), 201);
  });
});
