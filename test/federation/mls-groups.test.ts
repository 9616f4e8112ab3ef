import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { MlsClient, type MlsTestGroup, openNetwork, type TestNetwork } from '#testkit';
import { connect, expectStatus, othersSeenBy } from './conversation-rig.ts';
import { followed } from './mls-rig.ts';

/*
 * A group over three backends: Alice is on A, which owns it, Bob on B and Carol on C. Each really encrypts.
 */

const welcome = 'conversation.mls-welcome';
const message = 'conversation.mls-message-add';

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

  it('takes a proposal of one, and the commit of another', async () => {
    const second = await MlsClient.register(network.backend(1), bob.user);
    expectStatus(await bob.add(group, bob.user), 201);
    await followed(second, ({ types }) => types.includes(welcome));
    for (const member of [alice, carol]) await followed(member, ({ types }) => types.includes(message));
    const proposal = await carol.device.proposeRemoval(group.groupId, 3);
    expectStatus(await carol.post('/mls/messages', proposal), 201);
    const forgetful = await alice.commit(group);
    assert.deepEqual([forgetful.status, forgetful.get('label')], [400, 'mls-commit-missing-references']);
    for (const member of [alice, bob, second]) await followed(member, ({ types }) => types.includes(message));
    // Bob's own client may go by a proposal, but not all of its user's: Bob stays.
    const answer = await alice.commit(group);
    assert.deepEqual([answer.status, answer.get('label')], [409, 'mls-client-mismatch']);
  });

  it('is joined by a client of a member itself', async () => {
    const fresh = await alice.createGroup();
    expectStatus(await alice.add(fresh, bob.user, carol.user), 201);
    for (const member of [bob, carol]) await followed(member, ({ types }) => types.includes(welcome));
    const second = await MlsClient.register(network.backend(2), carol.user);
    expectStatus(await second.joinExternally(fresh), 201);
    for (const member of [alice, bob, carol]) await followed(member, ({ types }) => types.includes(message));
    expectStatus(await second.send(fresh, 'me too'), 201);
    for (const member of [alice, bob, carol]) {
      const { texts } = await followed(member, (seen) => seen.texts.length > 0);
      assert.deepEqual(texts, ['me too']);
    }
    group = fresh;
  });

  it('goes on while a backend is away, which catches up', async () => {
    const c = network.backend(2);
    await network.kill(c);
    expectStatus(await alice.send(group, 'one'), 201);
    expectStatus(await bob.catchUp().then(() => bob.commit(group)), 201);
    await followed(alice, ({ types }) => types.includes(message));
    expectStatus(await alice.send(group, 'two'), 201);
    await network.start(c);
    const { texts, failures } = await followed(carol, (seen) => seen.texts.includes('two'));
    assert.deepEqual([texts, failures], [['one', 'two'], []]);
    expectStatus(await carol.send(group, 'three'), 201);
    const seen = await followed(alice, (now) => now.texts.length > 0);
    assert.deepEqual(seen.texts, ['three']);
  });

  it('adds nobody whose backend is away', async () => {
    const c = network.backend(2);
    const eve = await MlsClient.create(c, 'Eve');
    await connect(alice.user, eve.user);
    const packages = await alice.claim(eve.user);
    await network.kill(c);
    const answer = await alice.commit(group, { add: packages });
    assert.deepEqual([answer.status, answer.body], [533, { unreachable_backends: [c.domain] }]);
    await network.start(c);
    // Bob has two clients at leaves 1 and 2.
    const removed = await alice.commit(group, { remove: [3, 4] });
    expectStatus(removed, 201);
    const [left] = removed.get('events') as readonly { type: string; data: unknown }[];
    assert.equal(left?.type, 'conversation.member-leave');
    await followed(carol, ({ types }) => types.includes('conversation.member-leave'));
    assert.deepEqual(await othersSeenBy(bob.user, group), [alice.user.id]);
  });
});
