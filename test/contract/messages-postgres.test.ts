import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { onConversationCreated, onMessageSent } from '#contract/federation/galley.ts';
import type { ClientId } from '#contract/ids.ts';
import { openPostgresServer, type PostgresServer } from '#testkit';
import { b, newConversationId, openRig, userOf } from './conversations-rig.ts';
import { base64, messageFor, openChat, to } from './messages-rig.ts';

/** Messages on PostgreSQL, where units of work run side by side. */
describe('messages on PostgreSQL', () => {
  let server: PostgresServer;
  let url: string;
  before(async () => {
    server = await openPostgresServer();
    url = await server.createDatabase();
  });
  after(() => server[Symbol.asyncDispose]());

  it('reach everybody once when many are sent at once', async () => {
    await using chat = await openChat({}, url);
    const { rig, alice, everybody, send } = chat;
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(alice, messageFor(everybody))));
    assert.deepEqual(
      answers.map(({ status }) => status),
      answers.map(() => 201),
    );
    assert.deepEqual([rig.pushes.length, rig.told.length], [20, 10]);
  });

  it('that are told five times at once are seen once', async () => {
    await using rig = await openRig({}, url);
    const [alice, bob, conversation] = [rig.user(), userOf(b), newConversationId()];
    rig.connect(bob, alice);
    await rig.receive(b, onConversationCreated, {
      time: '2024-05-08T10:00:00Z',
      orig_user_id: bob.id,
      cnv_id: conversation,
      cnv_type: 0,
      cnv_access: ['invite'],
      cnv_access_roles: ['team_member', 'non_team_member'],
      non_creator_members: [{ qualified_id: alice, conversation_role: 'wire_member' }],
    });
    rig.pushes.length = 0;
    const message = {
      time: '2024-05-08T10:00:01Z',
      sender: bob,
      sender_client: '4' as ClientId,
      conversation,
      push: true,
      transient: false,
      recipients: to(alice, { 1: base64('once') }),
    };
    const deliveryId = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => rig.receive(b, onMessageSent, message, { deliveryId })),
    );
    for (const { status, body } of answers) assert.deepEqual([status, body], [200, {}]);
    assert.equal(rig.pushes.length, 1);
  });
});
