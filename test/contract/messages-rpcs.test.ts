import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { removeMember } from '#contract/client/conversation-members.ts';
import {
  messageErrors,
  onConversationCreated,
  onConversationUpdated,
  onMessageSent,
  sendMessage,
} from '#contract/federation/galley.ts';
import type { BackendDomain, ClientId, ConversationId } from '#contract/ids.ts';
import { maxCiphertextBytes } from '#contract/messages.ts';
import { writeQualifiedMessage } from '#contract/protobuf/otr.ts';
import type { InputOf } from '#contract/rpc.ts';
import { a, b, c, newConversationId, openRig, type User, userOf } from './conversations-rig.ts';
import { base64, type Chat, messageFor, openChat, type Told, to } from './messages-rig.ts';

/** Messages between backends: A is asked as the owner, and is told by owners. */

const time = '2024-05-08T10:00:00.123456Z';

describe('send-message', () => {
  const inputOf = ({ cnv, alice, anna, bob }: Chat, sender: User, more = {}) => ({
    conv_id: cnv,
    sender: sender.id,
    raw_message: writeQualifiedMessage(
      messageFor(
        [
          [alice, '1'],
          [alice, '2'],
          [anna, '3'],
          [bob, '5'],
        ],
        { sender: '4' as ClientId, ...more },
      ),
    ).toString('base64'),
  });

  it('sends for a member of the caller, to the caller’s own backend by the queue', async () => {
    await using chat = await openChat();
    const { rig, bob } = chat;
    const { status, body } = await rig.receive(b, sendMessage, inputOf(chat, bob));
    assert.equal(status, 200);
    assert.ok('Right' in body, JSON.stringify(body));
    assert.equal(rig.pushes.length, 3);
    assert.deepEqual(
      rig.told.map(({ to, rpc }) => [to, rpc]),
      [[[b], 'on-message-sent']],
    );
    const told = rig.told[0]?.input as Told | undefined;
    assert.deepEqual(told?.recipients, { [bob.id]: { 5: base64('for 5') } });
  });

  it('says which clients are missing', async () => {
    await using chat = await openChat();
    const { rig, bob } = chat;
    const recipients = messageFor([]).recipients;
    const { body } = await rig.receive(b, sendMessage, inputOf(chat, bob, { recipients }));
    assert.ok('Left' in body && body.Left.tag === messageErrors.clientMissing);
    assert.deepEqual(body.Left.contents.missing[b], { [bob.id]: ['5'] });
    assert.deepEqual([rig.pushes, rig.told], [[], []]);
  });

  it('is refused to every wrong caller, with the same words', async () => {
    await using chat = await openChat();
    const { rig, alice, bob } = chat;
    const wrong: readonly (readonly [string, BackendDomain, object])[] = [
      ['who is no member', b, inputOf(chat, userOf(b))],
      ['of another domain, by the id of a member', c, inputOf(chat, bob)],
      ['that claims a user of ours', b, inputOf(chat, alice)],
      ['of a conversation that is not here', b, { ...inputOf(chat, bob), conv_id: newConversationId() }],
    ];
    for (const [what, origin, input] of wrong) {
      const { body } = await rig.receive(origin, sendMessage, input as InputOf<typeof sendMessage>);
      assert.deepEqual(body, { Left: { tag: messageErrors.conversationNotFound } }, what);
    }
    const params = { domain: a, cnv: chat.cnv, userDomain: b, usr: bob.id };
    await rig.send(alice, removeMember, { params });
    rig.pushes.length = 0;
    rig.told.length = 0;
    const { body } = await rig.receive(b, sendMessage, inputOf(chat, bob));
    assert.deepEqual(body, { Left: { tag: messageErrors.conversationNotFound } }, 'who was removed');
    assert.deepEqual([rig.pushes, rig.told], [[], []]);
  });

  it('does not know a client that the caller’s backend does not tell of, nor when it cannot be asked', async () => {
    await using chat = await openChat();
    const { rig, bob } = chat;
    const unknown = { Left: { tag: messageErrors.unknownClient } };
    const asOther = await rig.receive(b, sendMessage, inputOf(chat, bob, { sender: '9' as ClientId }));
    assert.deepEqual(asOther.body, unknown);
    rig.script = () => {
      throw new Error('down');
    };
    assert.deepEqual((await rig.receive(b, sendMessage, inputOf(chat, bob))).body, unknown);
  });

  it('refuses what is no message', async () => {
    await using chat = await openChat();
    const { rig, bob } = chat;
    for (const [raw_message, label] of [
      ['CgIIAQ==', 'invalid-payload'],
      ['', 'invalid-payload'],
      ['CgIIAQ', 'bad-request'],
    ] as const) {
      const input = { ...inputOf(chat, bob), raw_message };
      const { status, body } = await rig.receive(b, sendMessage, input);
      assert.deepEqual([status, body.label], [400, label], raw_message);
    }
  });
});

/** A conversation of B with a user of A in it. */
async function openGuest() {
  const rig = await openRig();
  const [alice, anna, bob] = [rig.user(), rig.user(), userOf(b)];
  rig.connect(bob, alice);
  rig.connect(alice, bob);
  const cnv = newConversationId();
  await rig.receive(b, onConversationCreated, {
    time,
    orig_user_id: bob.id,
    cnv_id: cnv,
    cnv_type: 0,
    cnv_access: ['invite'],
    cnv_access_roles: ['team_member', 'non_team_member'],
    non_creator_members: [{ qualified_id: alice, conversation_role: 'wire_member' }],
  });
  rig.pushes.length = 0;
  const input = (more: Partial<Told> = {}): Told => ({
    time,
    data: null,
    sender: bob,
    sender_client: '4' as ClientId,
    conversation: cnv,
    priority: null,
    push: true,
    transient: false,
    recipients: to(alice, { 1: base64('one'), 2: base64('two') }),
    ...more,
  });
  return { rig, alice, anna, bob, cnv, input, [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() };
}

describe('on-message-sent', () => {
  it('reaches each client of a member alone, with the owner’s time', async () => {
    await using guest = await openGuest();
    const { rig, alice, bob, cnv, input } = guest;
    const { status, body } = await rig.receive(b, onMessageSent, input());
    assert.deepEqual([status, body], [200, {}]);
    assert.deepEqual(
      rig.pushes.map(({ recipients }) => recipients),
      ['1', '2'].map((client) => [{ user: alice.id, clients: [client] }]),
    );
    assert.deepEqual(rig.pushes[0]?.event, {
      type: 'conversation.otr-message-add',
      conversation: cnv,
      qualified_conversation: { domain: b, id: cnv },
      from: bob.id,
      qualified_from: bob,
      time: '2024-05-08T10:00:00.123Z',
      data: { sender: '4', recipient: '1', text: base64('one') },
    });
  });

  it('may come from a sender of any backend, with flags', async () => {
    await using guest = await openGuest();
    const { rig, input } = guest;
    const sender = userOf(c);
    await rig.receive(
      b,
      onMessageSent,
      input({ sender, push: false, transient: true, priority: 'low', data: base64('blob') }),
    );
    const [push] = rig.pushes;
    assert.deepEqual([push?.route, push?.transient, push?.priority], ['direct', true, 'low']);
    const event = push?.event as { readonly qualified_from?: unknown; readonly data?: unknown } | undefined;
    assert.deepEqual(event?.qualified_from, sender);
    assert.deepEqual(event?.data, { sender: '4', recipient: '1', text: base64('one'), data: base64('blob') });
  });

  it('reaches nobody who is not a member there, whoever tells it', async () => {
    await using guest = await openGuest();
    const { rig, alice, anna, cnv, input } = guest;
    const silent: readonly (readonly [string, BackendDomain, Told])[] = [
      ['another backend than the owner', c, input()],
      ['of another conversation', b, input({ conversation: newConversationId() })],
      ['for a user who is no member', b, input({ recipients: to(anna, { 1: base64('x') }) })],
      ['for a user who does not exist', b, input({ recipients: to(userOf(a), { 1: base64('x') }) })],
    ];
    for (const [what, origin, message] of silent) {
      const { status, body } = await rig.receive(origin, onMessageSent, message);
      assert.deepEqual([status, body], [200, {}], what);
      assert.deepEqual(rig.pushes, [], what);
    }
    const both = { ...to(anna, { 1: base64('x') }), ...to(alice, { 1: base64('y') }) };
    await rig.receive(b, onMessageSent, input({ recipients: both }));
    assert.deepEqual(
      rig.pushes.map(({ recipients: [to] }) => to?.user),
      [alice.id],
    );
    await rig.receive(b, onConversationUpdated, {
      time,
      origUserId: alice,
      convId: cnv,
      alreadyPresentUsers: [alice.id],
      action: {
        tag: 'ConversationRemoveMembersTag',
        action: { targets: [alice], reason: 'removed' },
      },
    });
    rig.pushes.length = 0;
    await rig.receive(b, onMessageSent, input());
    assert.deepEqual(rig.pushes, [], 'for a member who was removed');
  });

  it('of a conversation of ours is believed by nobody', async () => {
    await using chat = await openChat();
    const { rig, anna, bob, cnv } = chat;
    await rig.receive(b, onMessageSent, {
      time,
      sender: bob,
      sender_client: '4' as ClientId,
      conversation: cnv,
      push: true,
      transient: false,
      recipients: to(anna, { 3: base64('x') }),
    });
    assert.deepEqual(rig.pushes, []);
  });

  it('is taken once, however often and in whatever order it comes again', async () => {
    await using guest = await openGuest();
    const { rig, alice, input } = guest;
    const messages = ['one', 'two', 'three'].map((text) => ({
      deliveryId: randomUUID(),
      message: input({ recipients: to(alice, { 1: base64(text) }) }),
    }));
    const [first, second, third] = messages;
    for (const each of [first, first, second, first, third, second, third, third, first]) {
      if (each === undefined) continue;
      const { deliveryId, message } = each;
      const { status } = await rig.receive(b, onMessageSent, message, { deliveryId });
      assert.equal(status, 200);
    }
    const texts = rig.pushes.map(
      ({ event }) => (event as { readonly data?: { readonly text?: string } }).data?.text,
    );
    assert.deepEqual(texts, ['one', 'two', 'three'].map(base64));
  });

  it('is refused when it is malformed or too large', async () => {
    await using guest = await openGuest();
    const { rig, alice, input } = guest;
    const large = Buffer.alloc(maxCiphertextBytes + 3).toString('base64');
    const wrong: readonly object[] = [
      { time: 'today' },
      { time: '2024-13-45T10:00:00Z' },
      { sender: { id: alice.id } },
      { sender_client: 'xyz' },
      { priority: 'urgent' },
      { push: 'yes' },
      { conversation: 'here' as ConversationId },
      { recipients: [] },
      { recipients: { [alice.id]: { zz: '' } } },
      { recipients: { [alice.id]: { 1: 7 } } },
      { recipients: { [alice.id]: { 1: large } } },
    ];
    for (const member of wrong) {
      const message = { ...input(), ...member } as Told;
      const { status, body } = await rig.receive(b, onMessageSent, message);
      assert.deepEqual([status, body.label], [400, 'bad-request'], Object.keys(member)[0]);
    }
    assert.deepEqual(rig.pushes, []);
  });
});
