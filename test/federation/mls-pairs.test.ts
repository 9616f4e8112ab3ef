import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { MlsClient, type MlsTestGroup, openNetwork, type TestAnswer, type TestNetwork } from '#testkit';
import { connect, expectStatus, type Named, pathOf, waitFor } from './conversation-rig.ts';
import { followed } from './mls-rig.ts';

/*
 * The group of two connected users, and the one of a user with itself. Either backend may own the first, as the ids of
 * the two say; so there are pairs until both cases have been seen.
 */

const welcome = 'conversation.mls-welcome';

describe('an MLS one-to-one conversation', () => {
  let network: TestNetwork;
  before(async () => {
    network = await openNetwork({ backends: 2 });
  });
  after(() => network[Symbol.asyncDispose]());

  const oneToOne = ({ user }: MlsClient, { user: other }: MlsClient) =>
    user.send(`/conversations/one2one/${other.domain}/${other.id}`);
  const refused = (answer: TestAnswer) => [answer.status, answer.get('label')];

  async function pair(owner: string): Promise<readonly [MlsClient, MlsClient, MlsTestGroup]> {
    for (;;) {
      const [alice, bob] = await Promise.all([
        MlsClient.create(network.backend(0), 'Alice'),
        MlsClient.create(network.backend(1), 'Bob'),
      ]);
      await connect(alice.user, bob.user);
      const shown = expectStatus(await oneToOne(alice, bob), 200);
      if ((shown.get('qualified_id') as Named).domain === owner)
        return [alice, bob, await alice.begin(shown)];
    }
  }

  for (const [index, who] of [
    [0, 'the one who begins it'],
    [1, 'the other'],
  ] as const)
    it(`is stored with its first commit when the backend of ${who} owns it`, async () => {
      const [alice, bob, group] = await pair(network.backend(index).domain);
      const answer = expectStatus(await alice.add(group, bob.user), 201);
      const [joined] = answer.get('events') as readonly { type: string; data: { user_ids: string[] } }[];
      assert.equal(joined?.type, 'conversation.member-join');
      assert.deepEqual(joined?.data.user_ids.toSorted(), [alice.user.id, bob.user.id].toSorted());
      await waitFor(bob.user, 'conversation.member-join');
      await followed(bob, ({ types }) => types.includes(welcome));
      for (const [from, to] of [
        [alice, bob],
        [bob, alice],
      ] as const) {
        expectStatus(await from.send(group, `hello ${to.user.name}`), 201);
        const { texts, failures } = await followed(to, (seen) => seen.texts.length > 0);
        assert.deepEqual([texts, failures], [[`hello ${to.user.name}`], []]);
      }
      for (const member of [alice, bob]) {
        const seen = expectStatus(await member.user.send(pathOf(group)), 200);
        assert.deepEqual([seen.get('type'), seen.get('epoch')], [2, 1]);
      }
    });

  it('is of its two users alone', async () => {
    for (const index of [0, 1]) {
      const [alice, bob, group] = await pair(network.backend(index).domain);
      const [carol, dave] = await Promise.all([
        MlsClient.create(network.backend(1), 'Carol'),
        MlsClient.create(network.backend(0), 'Dave'),
      ]);
      await connect(alice.user, carol.user);
      await connect(dave.user, carol.user);
      assert.deepEqual(refused(await alice.add(group, carol.user)), [400, 'mls-protocol-error']);
      assert.deepEqual(refused(await alice.add(group, carol.user, bob.user)), [400, 'mls-protocol-error']);
      assert.deepEqual(refused(await alice.commit(group)), [400, 'mls-protocol-error']);
      await dave.beginGroup(group);
      assert.deepEqual(refused(await dave.add(group, carol.user)), [400, 'mls-protocol-error']);
      expectStatus(await alice.add(group, bob.user), 201);
      // Only the owner's users may add anybody to any conversation.
      const more = await alice.add(group, carol.user);
      assert.deepEqual(refused(more), [403, 'action-denied']);
    }
  });

  it('is not there for those who are not connected', async () => {
    const [alice, bob, group] = await pair(network.backend(0).domain);
    const blocked = { method: 'PUT', body: { status: 'blocked' } };
    expectStatus(await alice.user.send(`/connections/${bob.user.domain}/${bob.user.id}`, blocked), 200);
    const answer = await alice.add(group, bob.user);
    assert.deepEqual(refused(answer), [403, 'not-connected']);
    const info = await alice.user.send(`${pathOf(group)}/groupinfo`);
    assert.deepEqual(refused(info), [404, 'no-conversation']);
  });
});

describe('the MLS conversation with oneself', () => {
  it('is listed, joins the own clients, and nobody else', async () => {
    await using network = await openNetwork({ backends: 1 });
    const backend = network.backend(0);
    const first = await MlsClient.create(backend, 'Alice');
    const second = await MlsClient.register(backend, first.user);
    const listed = expectStatus(await first.user.send('/conversations/list-ids', { body: {} }), 200);
    const shown = expectStatus(await first.user.send('/conversations/mls-self'), 200);
    const ids = (listed.get('qualified_conversations') as readonly Named[]).map(({ id }) => id);
    assert.ok(ids.includes((shown.get('qualified_id') as Named).id));
    const group = await first.begin(shown);
    const alone = await first.commit(group);
    assert.deepEqual([alone.status, alone.get('label')], [409, 'mls-client-mismatch']);
    const stranger = await MlsClient.create(backend, 'Bob');
    await connect(first.user, stranger.user);
    const both = await first.add(group, first.user, stranger.user);
    assert.deepEqual([both.status, both.get('label')], [403, 'invalid-op']);
    expectStatus(await first.add(group, first.user), 201);
    await followed(second, ({ types }) => types.includes(welcome));
    expectStatus(await second.send(group, 'note to self'), 201);
    const { texts } = await followed(first, (seen) => seen.texts.length > 0);
    assert.deepEqual(texts, ['note to self']);
  });
});
