import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openNetwork, type TestNetwork, type TestUser } from '#testkit';
import {
  connect,
  createGroup,
  eventsOf,
  expectStatus,
  named,
  othersSeenBy,
  pathOf,
  people,
  waitFor,
} from './conversation-rig.ts';

/*
 * A conversation with members on two backends: its members learn of it, each from its own backend, and all see the same.
 */

describe('a conversation with members of another backend', () => {
  let network: TestNetwork;
  let alice: TestUser;
  let anna: TestUser;
  let bob: TestUser;
  let bill: TestUser;
  before(async () => {
    network = await openNetwork({ backends: 2 });
    const [a, b] = [network.backend(0), network.backend(1)];
    [alice, anna, bob, bill] = await people([a, 'Alice'], [a, 'Anna'], [b, 'Bob'], [b, 'Bill']);
    await Promise.all([connect(alice, anna), connect(alice, bob)]);
  });
  after(() => network[Symbol.asyncDispose]());

  it('is made with all its members, who see it alike', async () => {
    const group = await createGroup(alice, [anna, bob], { conversation_role: 'wire_member' });
    assert.equal(group.domain, alice.domain);
    const [created] = await waitFor(bob, 'conversation.create');
    assert.deepEqual(created?.qualified_conversation, group);
    assert.deepEqual(created?.qualified_from, named(alice));
    assert.deepEqual(await othersSeenBy(bob, group), [alice.id, anna.id].toSorted());
    assert.deepEqual(await othersSeenBy(alice, group), [anna.id, bob.id].toSorted());
    const seen = await bob.send(pathOf(group));
    assert.equal(seen.get('name'), 'gossip');
    assert.equal(
      (seen.get('members') as { self: { conversation_role: string } }).self.conversation_role,
      'wire_member',
    );
  });

  it('is refused with users who are not connected, and nothing is left of it', async () => {
    const before = await eventsOf(alice);
    const answer = await alice.send('/conversations', {
      body: { qualified_users: [named(bob), named(bill)] },
    });
    expectStatus(answer, 403);
    assert.equal(answer.get('label'), 'not-connected');
    assert.deepEqual(await eventsOf(alice), before);
  });
});
