import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { MlsClient, type MlsTestGroup, openNetwork, type TestNetwork } from '#testkit';
import { connect, expectStatus, othersSeenBy } from './conversation-rig.ts';
import { followed } from './mls-rig.ts';

/*
 * A group over three backends: Alice is on A, which owns it, Bob on B and Carol on C. Each really encrypts.
 */

describe('an MLS group over three backends', () => {
  let network: TestNetwork;
  let alice: MlsClient;
  let bob: MlsClient;
  let carol: MlsClient;
  let group: MlsTestGroup;
  before(async () => {
    network = await openNetwork({ backends: 3 });
    [alice, bob, carol] = await Promise.all([
      MlsClient.create(network.backend(0), 'Alice'),
      MlsClient.create(network.backend(1), 'Bob'),
      MlsClient.create(network.backend(2), 'Carol'),
    ]);
    await connect(alice.user, bob.user);
    await connect(alice.user, carol.user);
    group = await alice.createGroup();
  });
  after(() => network[Symbol.asyncDispose]());

  it('is joined by those whom a commit adds', async () => {
    const answer = expectStatus(await alice.add(group, bob.user, carol.user), 201);
    const events = answer.get('events') as readonly { readonly type: string }[];
    assert.deepEqual(
      events.map(({ type }) => type),
      ['conversation.member-join'],
    );
    for (const member of [bob, carol]) {
      await followed(member, ({ types }) => types.includes('conversation.mls-welcome'));
      assert.equal(member.device.epoch(group.groupId), 1n);
    }
    assert.deepEqual(await othersSeenBy(carol.user, group), [alice.user.id, bob.user.id].toSorted());
  });

  it('carries what each says to all others', async () => {
    const members = [alice, bob, carol];
    for (const [from, text] of [
      [alice, 'from A'],
      [bob, 'from B'],
      [carol, 'from C'],
    ] as const) {
      expectStatus(await from.send(group, text), 201);
      for (const to of members.filter((member) => member !== from)) {
        const seen = await followed(to, ({ texts }) => texts.length > 0);
        assert.deepEqual([seen.texts, seen.failures], [[text], []]);
      }
    }
  });
});
