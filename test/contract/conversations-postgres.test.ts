import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { addMembers, removeMember, updateSelf } from '#contract/client/conversation-members.ts';
import { setMessageTimer } from '#contract/client/conversation-properties.ts';
import { createConversation, getConversation, listConversationIds } from '#contract/client/conversations.ts';
import { leaveConversation, onConversationUpdated } from '#contract/federation/galley.ts';
import { openPostgresServer, type PostgresServer } from '#testkit';
import { a, b, newConversationId, openRig, type Rig, userOf } from './conversations-rig.ts';

/** What depends on the database: locks, numbers, upserts, and memory that is exact while many change one conversation. */

describe('conversations on PostgreSQL', () => {
  let server: PostgresServer;
  let url: string;
  before(async () => {
    server = await openPostgresServer();
    url = await server.createDatabase();
  });
  after(() => server[Symbol.asyncDispose]());

  async function openGroup(rig: Rig) {
    const [alice, bob] = [rig.user(), userOf(b)];
    rig.connect(alice, bob);
    const body = { qualified_users: [bob], message_timer: 86_400_000_000 };
    const { body: made } = await rig.send(alice, createConversation, { body });
    return { alice, bob, cnv: made.id };
  }

  it('are made, changed, listed and left', async () => {
    await using rig = await openRig({}, url);
    const { alice, bob, cnv } = await openGroup(rig);
    const params = { domain: a, cnv };
    await rig.send(alice, updateSelf, { params, body: { otr_archived: true } });
    const view = (await rig.send(alice, getConversation, { params })).body;
    assert.deepEqual([view.message_timer, view.members.self.otr_archived], [86_400_000_000, true]);
    const timer = () => rig.send(alice, setMessageTimer, { params, body: { message_timer: 86_400_000_000 } });
    assert.equal((await timer()).status, 204);
    const ids = (await rig.send(alice, listConversationIds, { body: {} })).body;
    assert.deepEqual(ids.qualified_conversations, [{ domain: a, id: cnv }]);
    const left = await rig.receive(b, leaveConversation, { conv_id: cnv, leaver: bob.id });
    assert.deepEqual(left.body, { Right: [] });
  });

  it('take concurrent changes one after the other, and memory says what the database says', async () => {
    await using rig = await openRig({}, url);
    const { alice, cnv } = await openGroup(rig);
    const users = Array.from({ length: 12 }, () => rig.user());
    rig.connect(alice, ...users);
    const params = { domain: a, cnv };
    await Promise.all(
      users.map((user) => rig.send(alice, addMembers, { params, body: { qualified_users: [user] } })),
    );
    await Promise.all(
      users.slice(0, 6).map(async (user) => {
        await rig.send(user, removeMember, { params: { ...params, userDomain: a, usr: user.id } });
        assert.equal((await rig.galley.conversations.find(cnv))?.ownMembers.has(user.id), false);
      }),
    );
    const members = [...((await rig.galley.conversations.find(cnv))?.ownMembers.keys() ?? [])];
    assert.deepEqual(members.toSorted(), [alice, ...users.slice(6)].map(({ id }) => id).toSorted());
  });

  it('take a repeated notification once, also when both come together', async () => {
    await using rig = await openRig({}, url);
    const [alice, bob] = [rig.user(), userOf(b)];
    rig.connect(bob, alice);
    const input = {
      time: '2024-05-08T10:00:00Z',
      origUserId: bob,
      convId: newConversationId(),
      alreadyPresentUsers: [],
      action: { tag: 'ConversationJoinTag' as const, action: { users: [alice], role: 'wire_member' } },
    };
    const once = () => rig.receive(b, onConversationUpdated, input, { deliveryId: `once-${input.convId}` });
    const answers = await Promise.all([once(), once(), once()]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200],
    );
    assert.deepEqual(rig.eventsOf(alice), ['member-join']);
  });
});
