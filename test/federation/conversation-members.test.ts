import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openNetwork, type TestNetwork, type TestUser, until } from '#testkit';
import {
  connect,
  createGroup,
  eventsOf,
  expectStatus,
  type Named,
  named,
  othersSeenBy,
  pathOf,
  people,
  waitFor,
} from './conversation-rig.ts';

/*
 * A conversation with members on three backends through its life: every change is made by a client and seen in the
 * streams of members of all backends, in the same order. Then with one of the backends away.
 */

describe('a conversation with members on three backends', () => {
  let network: TestNetwork;
  let alice: TestUser;
  let anna: TestUser;
  let bob: TestUser;
  let bill: TestUser;
  let carol: TestUser;
  before(async () => {
    network = await openNetwork({ backends: 3 });
    const [a, b, c] = [network.backend(0), network.backend(1), network.backend(2)];
    [alice, anna, bob, bill, carol] = await people(
      [a, 'Alice'],
      [a, 'Anna'],
      [b, 'Bob'],
      [b, 'Bill'],
      [c, 'Carol'],
    );
    for (const other of [anna, bob, bill, carol]) await connect(alice, other);
  });
  after(() => network[Symbol.asyncDispose]());

  const put = (user: TestUser, conversation: Named, what: string, body: object) =>
    user.send(`${pathOf(conversation)}/${what}`, { method: 'PUT', body });
  const remove = (user: TestUser, conversation: Named, target: TestUser) =>
    user.send(`${pathOf(conversation)}/members/${target.domain}/${target.id}`, { method: 'DELETE' });

  /** What somebody has seen of one conversation. */
  async function seen(user: TestUser, conversation: Named): Promise<readonly string[]> {
    const events = await eventsOf(user);
    return events
      .filter(({ qualified_conversation }) => qualified_conversation.id === conversation.id)
      .map(({ type }) => type.replace('conversation.', ''));
  }

  async function sees(user: TestUser, conversation: Named, expected: readonly string[]): Promise<void> {
    await until(`${user.name} to see ${expected.at(-1)}`, async () => {
      return (await seen(user, conversation)).length >= expected.length;
    });
    assert.deepEqual(await seen(user, conversation), expected, user.name);
  }

  it('is changed by its admins of every backend, and all see that in one order', async () => {
    const group = await createGroup(alice, [anna, bob, carol]);
    const [joined] = await waitFor(carol, 'conversation.member-join');
    assert.ok(joined !== undefined);
    assert.deepEqual(
      (joined.data as { users: { qualified_id: Named }[] }).users.map(({ qualified_id }) => qualified_id),
      [named(bob)],
    );
    expectStatus(await put(alice, group, 'name', { name: 'renamed' }), 200);
    const byBob = expectStatus(await put(bob, group, 'receipt-mode', { receipt_mode: 1 }), 200);
    assert.deepEqual(byBob.get('qualified_from'), named(bob));
    expectStatus(await put(bob, group, 'receipt-mode', { receipt_mode: 1 }), 204);
    const body = { qualified_users: [named(bill)], conversation_role: 'wire_member' };
    expectStatus(await alice.send(`${pathOf(group)}/members`, { body }), 200);
    await sees(bill, group, ['member-join']);
    expectStatus(
      await put(alice, group, `members/${bob.domain}/${bob.id}`, { conversation_role: 'wire_member' }),
      200,
    );
    const denied = expectStatus(await put(bob, group, 'receipt-mode', { receipt_mode: 2 }), 403);
    assert.equal(denied.get('label'), 'action-denied');
    expectStatus(await put(bob, group, 'name', { name: 'mine' }), 500);
    expectStatus(await remove(alice, group, bill), 200);
    const changes = ['rename', 'receipt-mode-update', 'member-join', 'member-update', 'member-leave'];
    await sees(alice, group, ['create', ...changes]);
    await sees(anna, group, ['create', ...changes]);
    await sees(bob, group, ['create', 'member-join', ...changes]);
    await sees(carol, group, ['create', 'member-join', ...changes]);
    await sees(bill, group, ['member-join', 'member-update', 'member-leave']);
    expectStatus(await bill.send(pathOf(group)), 404);
  });

  it('is left by a user of another backend, which everybody sees once', async () => {
    const group = await createGroup(alice, [bob, bill, carol]);
    await sees(bob, group, ['create', 'member-join']);
    const left = expectStatus(await remove(bob, group, bob), 200);
    assert.equal((left.get('data') as { reason: string }).reason, 'removed');
    await sees(carol, group, ['create', 'member-join', 'member-leave']);
    expectStatus(await put(alice, group, 'name', { name: 'without Bob' }), 200);
    // The rename comes after the leave in the owner's queue, so a second leave would have been seen before it.
    await sees(bill, group, ['create', 'member-join', 'member-leave', 'rename']);
    await sees(bob, group, ['create', 'member-join', 'member-leave']);
    await sees(alice, group, ['create', 'member-leave', 'rename']);
    expectStatus(await bob.send(pathOf(group)), 404);
    expectStatus(await remove(bob, group, bob), 404);
    expectStatus(await remove(bill, group, carol), 403);
    assert.deepEqual(await othersSeenBy(bill, group), [alice.id, carol.id].toSorted());
  });

  it('has one-to-ones of connected users, seen by both', async () => {
    const answer = expectStatus(await alice.send(`/connections/${bob.domain}/${bob.id}`), 200);
    const conversation = answer.get('qualified_conversation') as Named;
    for (const [user, other] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      const shown = expectStatus(await user.send(pathOf(conversation)), 200);
      assert.equal(shown.get('type'), 2);
      assert.deepEqual(await othersSeenBy(user, conversation), [other.id]);
      const ids = expectStatus(await user.send('/conversations/list-ids', { body: {} }), 200);
      const all = ids.get('qualified_conversations') as readonly Named[];
      assert.ok(all.some(({ id }) => id === conversation.id));
    }
    const local = expectStatus(await alice.send(`/connections/${anna.domain}/${anna.id}`), 200);
    const here = local.get('qualified_conversation') as Named;
    assert.equal(expectStatus(await anna.send(pathOf(here)), 200).get('type'), 2);
    await sees(alice, here, ['create', 'connect-request', 'member-join']);
    await sees(anna, here, ['member-join']);
  });

  it('goes on while a backend is away, which then learns of all in order', async () => {
    const group = await createGroup(alice, [bob, carol]);
    await sees(carol, group, ['create', 'member-join']);
    const away = network.backend(2);
    await network.kill(away);
    for (const name of ['one', 'two', 'three']) expectStatus(await put(alice, group, 'name', { name }), 200);
    const known = { body: { qualified_users: [named(bill)] } };
    expectStatus(await alice.send(`${pathOf(group)}/members`, known), 200);
    expectStatus(await remove(alice, group, bob), 200);
    const refused = await alice.send('/conversations', {
      body: { qualified_users: [named(bob), named(carol)] },
    });
    assert.deepEqual(expectStatus(refused, 533).body, { unreachable_backends: [away.domain] });
    const added = await createGroup(alice, [bob]);
    const late = await alice.send(`${pathOf(added)}/members`, { body: { qualified_users: [named(carol)] } });
    assert.deepEqual(expectStatus(late, 533).body, { unreachable_backends: [away.domain] });
    await network.start(away);
    await sees(carol, group, [
      'create',
      'member-join',
      'rename',
      'rename',
      'rename',
      'member-join',
      'member-leave',
    ]);
    const names = (await eventsOf(carol))
      .filter(({ type, qualified_conversation: { id } }) => type === 'conversation.rename' && id === group.id)
      .map(({ data }) => (data as { name: string }).name);
    assert.deepEqual(names, ['one', 'two', 'three']);
  });

  it('is left by users who are deleted, on every backend', async () => {
    const group = await createGroup(alice, [bill, carol]);
    await sees(carol, group, ['create', 'member-join']);
    const gone = await bill.send('/self', { method: 'DELETE', body: { password: bill.password } });
    assert.ok([200, 202].includes(gone.status), JSON.stringify(gone.body));
    await sees(alice, group, ['create', 'member-leave']);
    await sees(carol, group, ['create', 'member-join', 'member-leave']);
    assert.deepEqual(await othersSeenBy(alice, group), [carol.id]);
    assert.deepEqual(await othersSeenBy(carol, group), [alice.id]);
  });
});
