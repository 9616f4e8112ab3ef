import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { MlsClient, type MlsTestGroup, openNetwork, type TestAnswer, type TestNetwork } from '#testkit';
import { expectStatus, pathOf, people } from './conversation-rig.ts';
import { followed, openTrio } from './mls-rig.ts';

/*
 * A call in a conversation of A: Alice on A and Bob on B talk in the subconversation "conference" of their group, in which
 * Carol on B is too.
 */

const name = 'conference';

describe('a subconversation', () => {
  let network: TestNetwork;
  let alice: MlsClient;
  let bob: MlsClient;
  let carol: MlsClient;
  let parent: MlsTestGroup;
  let conference: MlsTestGroup;
  before(async () => {
    network = await openNetwork({ backends: 2 });
    ({ alice, bob, carol, group: parent } = await openTrio(network));
  });
  after(() => network[Symbol.asyncDispose]());

  const pathTo = (sub: string) => `${pathOf(parent)}/subconversations/${sub}`;
  const membersSeenBy = async ({ user }: MlsClient) => {
    const shown = expectStatus(await user.send(pathTo(name)), 200);
    return (shown.get('members') as readonly { readonly user_id: string }[]).map(({ user_id }) => user_id);
  };
  const refused = (answer: TestAnswer) => [answer.status, answer.get('label')];

  it('is shown, empty and the same to all, before anybody has joined it', async () => {
    const seen = await Promise.all([alice, bob].map(({ user }) => user.send(pathTo(name))));
    const [here, there] = seen.map((answer) => expectStatus(answer, 200).body);
    assert.deepEqual(here, there);
    const { epoch, members, cipher_suite } = here as Record<string, unknown>;
    assert.deepEqual([epoch, members, cipher_suite], [0, [], undefined]);
    const none = await bob.user.send(`${pathTo(name)}/groupinfo`);
    assert.deepEqual(refused(none), [404, 'mls-missing-group-info']);
  });

  it('is begun by a first commit and joined by members of its conversation', async () => {
    conference = await alice.subconversation(parent, name);
    await alice.beginGroup(conference);
    expectStatus(await alice.commit(conference), 201);
    for (const member of [bob, carol]) {
      expectStatus(await member.joinExternally(conference), 201);
      await followed(alice, ({ types }) => types.includes('conversation.mls-message-add'));
    }
    await followed(bob, ({ types }) => types.includes('conversation.mls-message-add'));
    assert.deepEqual(
      await membersSeenBy(bob),
      [alice, bob, carol].map(({ user }) => user.id),
    );
    expectStatus(await bob.send(conference, 'can you hear me'), 201);
    for (const member of [alice, carol]) {
      const { texts, failures } = await followed(member, (seen) => seen.texts.length > 0);
      assert.deepEqual([texts, failures], [['can you hear me'], []]);
    }
  });

  it('takes no clients that somebody else adds', async () => {
    const second = await MlsClient.register(network.backend(1), carol.user, 0);
    const { bytes } = await second.device.makeKeyPackage();
    const answer = await alice.commit(conference, { add: [bytes] });
    assert.deepEqual(refused(answer), [400, 'mls-protocol-error']);
  });

  it('is nothing to who is not in its conversation', async () => {
    const [dave, eve] = await people([network.backend(0), 'Dave'], [network.backend(1), 'Eve']);
    assert.deepEqual(refused(await dave.send(pathTo(name))), [403, 'access-denied']);
    assert.deepEqual(refused(await eve.send(pathTo(name))), [404, 'no-conversation']);
    const nowhere = `/conversations/${parent.domain}/${randomUUID()}/subconversations/${name}`;
    assert.deepEqual(refused(await dave.send(nowhere)), [404, 'no-conversation']);
  });

  it('is left by a client, which the others then take out', async () => {
    const left = await carol.user.send(`${pathTo(name)}/self`, { method: 'DELETE' });
    expectStatus(left, 200);
    const again = await carol.user.send(`${pathTo(name)}/self`, { method: 'DELETE' });
    assert.deepEqual(refused(again), [400, 'mls-protocol-error']);
    assert.deepEqual(
      await membersSeenBy(alice),
      [alice, bob].map(({ user }) => user.id),
    );
    const forgetful = await alice.commit(conference);
    assert.deepEqual(refused(forgetful), [400, 'mls-commit-missing-references']);
    for (const member of [alice, bob]) {
      const { failures } = await followed(member, ({ types }) =>
        types.includes('conversation.mls-message-add'),
      );
      assert.deepEqual(failures, []);
    }
    expectStatus(await alice.commit(conference), 201);
    await followed(bob, ({ types }) => types.includes('conversation.mls-message-add'));
    expectStatus(await bob.send(conference, 'just us'), 201);
    const { texts } = await followed(alice, (seen) => seen.texts.length > 0);
    assert.deepEqual(texts, ['just us']);
  });

  it('begins again under another group id when a member says so', async () => {
    const shown = expectStatus(await bob.user.send(pathTo(name)), 200);
    const present = { group_id: shown.get('group_id'), epoch: shown.get('epoch') };
    const reset = (body: unknown) => bob.user.send(pathTo(name), { method: 'DELETE', body });
    assert.deepEqual(refused(await reset({ ...present, epoch: 1 })), [409, 'mls-stale-message']);
    const otherGroup = { ...present, group_id: parent.groupId };
    assert.deepEqual(refused(await reset(otherGroup)), [404, 'no-conversation']);
    expectStatus(await reset(present), 200);
    const next = expectStatus(await alice.user.send(pathTo(name)), 200);
    assert.deepEqual([next.get('epoch'), next.get('members'), next.get('cipher_suite')], [0, [], 1]);
    assert.notEqual(next.get('group_id'), present.group_id);
    const late = await alice.send(conference, 'anybody there');
    assert.deepEqual(refused(late), [400, 'mls-protocol-error']);
  });

  it('begins again when the last client leaves it', async () => {
    const again = await bob.subconversation(parent, name);
    await bob.beginGroup(again);
    expectStatus(await bob.commit(again), 201);
    expectStatus(await bob.user.send(`${pathTo(name)}/self`, { method: 'DELETE' }), 200);
    const next = await alice.subconversation(parent, name);
    assert.notEqual(next.groupId, again.groupId);
  });
});
