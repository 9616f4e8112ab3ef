import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { removeMember } from '#contract/client/conversation-members.ts';
import { sendQualifiedMessage } from '#contract/client/messages.ts';
import { messageErrors } from '#contract/federation/galley.ts';
import type { ClientId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { a, b, newConversationId, refusal, userOf } from './conversations-rig.ts';
import { base64, clientsOf, messageFor, openChat, protobuf } from './messages-rig.ts';

/** Messages in conversations of A: who gets them, who does not, and what the sender is told. */

describe('a message', () => {
  it('reaches each client alone on this backend, and other backends by one notification each', async () => {
    await using chat = await openChat();
    const { rig, alice, anna, bob, cnv, everybody, send } = chat;
    const { status, body } = await send(alice, messageFor(everybody));
    assert.equal(status, 201);
    const { time, ...sets } = body;
    for (const [name, set] of Object.entries(sets)) assert.deepEqual(set, {}, name);
    assert.deepEqual(
      rig.pushes.map(({ recipients }) => recipients),
      [[{ user: alice.id, clients: ['2'] }], [{ user: anna.id, clients: ['3'] }]],
    );
    assert.deepEqual(rig.pushes[1]?.event, {
      type: 'conversation.otr-message-add',
      conversation: cnv,
      qualified_conversation: { domain: a, id: cnv },
      from: alice.id,
      qualified_from: alice,
      time,
      data: { sender: '1', recipient: '3', text: base64('for 3'), data: '' },
    });
    assert.deepEqual(rig.told, [
      {
        to: [b],
        rpc: 'on-message-sent',
        lane: `conv:${cnv}@${a}`,
        input: {
          time,
          data: '',
          sender: alice,
          sender_client: '1',
          conversation: cnv,
          priority: null,
          push: true,
          transient: false,
          recipients: { [bob.id]: { 4: base64('for 4'), 5: base64('for 5') } },
        },
      },
    ]);
  });

  it('carries its flags', async () => {
    await using chat = await openChat();
    const { rig, alice, everybody, send } = chat;
    const flags = {
      nativePush: false,
      transient: true,
      nativePriority: 'low',
      data: base64('blob'),
    } as const;
    assert.equal((await send(alice, messageFor(everybody, flags))).status, 201);
    const [push] = rig.pushes;
    assert.deepEqual([push?.route, push?.transient, push?.priority], ['direct', true, 'low']);
    const event = push?.event as { readonly data?: { readonly data?: string } } | undefined;
    assert.equal(event?.data?.data, base64('blob'));
    const input = rig.told[0]?.input as Readonly<Record<string, unknown>>;
    assert.deepEqual(
      [input.push, input.transient, input.priority, input.data],
      [false, true, 'low', base64('blob')],
    );
  });

  it('goes to nobody when clients are missing, on whichever backend', async () => {
    await using chat = await openChat();
    const { rig, alice, anna, bob, send } = chat;
    const { status, body } = await send(
      alice,
      messageFor([
        [anna, '3'],
        [anna, '9'],
        [bob, '4'],
      ]),
    );
    assert.equal(status, 412);
    assert.deepEqual(body.missing, { [a]: { [alice.id]: ['2'] }, [b]: { [bob.id]: ['5'] } });
    assert.deepEqual(body.deleted, { [a]: { [anna.id]: ['9'] } });
    assert.deepEqual([rig.pushes, rig.told], [[], []]);
  });

  it('goes to those that are there when missing ones are ignored', async () => {
    await using chat = await openChat();
    const { rig, alice, bob, send } = chat;
    const message = messageFor([[bob, '4']], { strategy: { tag: 'ignore-all' } });
    const { status, body } = await send(alice, message);
    assert.deepEqual([status, body.missing], [201, {}]);
    assert.deepEqual([rig.pushes.length, rig.told.length], [0, 1]);
  });

  it('is sent also when nobody is to get it', async () => {
    await using chat = await openChat();
    const { rig, alice, send } = chat;
    const { status } = await send(alice, messageFor([], { strategy: { tag: 'ignore-all' } }));
    assert.deepEqual([status, rig.pushes, rig.told], [201, [], []]);
  });

  it('asks each remote once which clients its members have', async () => {
    await using chat = await openChat();
    const { rig, alice, bob, everybody, send } = chat;
    await send(alice, messageFor(everybody));
    assert.deepEqual(rig.calls, [{ domain: b, rpc: 'get-user-clients', input: { users: [bob.id] } }]);
  });

  it('comes from a client of the sender alone', async () => {
    await using chat = await openChat();
    const { rig, alice, everybody, send } = chat;
    for (const sender of ['3', '9'] as ClientId[])
      await assert.rejects(send(alice, messageFor(everybody, { sender })), refusal('unknown-client'));
    assert.deepEqual([rig.pushes, rig.told], [[], []]);
  });

  it('is refused of who is no member, and where there is no conversation', async () => {
    await using chat = await openChat();
    const { rig, alice, everybody, send } = chat;
    const stranger = rig.user();
    rig.clients.set(stranger.id, ['1'] as ClientId[]);
    await assert.rejects(send(stranger, messageFor(everybody)), refusal('no-conversation'));
    const params = { domain: a, cnv: newConversationId() };
    const body = protobuf(messageFor(everybody));
    await assert.rejects(rig.send(alice, sendQualifiedMessage, { params, body }), refusal('no-conversation'));
  });

  it('is refused when it cannot be read', async () => {
    await using chat = await openChat();
    const { rig, alice, cnv } = chat;
    const body = { contentType: 'application/x-protobuf', bytes: Buffer.from('0a02', 'hex') };
    const sent = rig.send(alice, sendQualifiedMessage, { params: { domain: a, cnv }, body });
    await assert.rejects(sent, refusal('bad-request'));
  });

  it('may name ten thousand recipients who are nobody: they are redundant', async () => {
    await using chat = await openChat();
    const { rig, alice, everybody, send } = chat;
    const strangers = Array.from({ length: 10_000 }, () => [userOf(b), '1'] as const);
    const { status, body } = await send(alice, messageFor([...everybody, ...strangers]));
    assert.equal(status, 201);
    assert.equal(Object.keys(body.redundant[b] ?? {}).length, 10_000);
    assert.equal(rig.told.length, 1);
  });
});

describe('while a remote does not answer', () => {
  const down = () => {
    throw refuse('federation-connection-refused');
  };

  it('its named clients are believed, told so, and get the message from the queue', async () => {
    await using chat = await openChat();
    const { rig, alice, bob, everybody, send } = chat;
    rig.script = down;
    const { status, body } = await send(alice, messageFor(everybody));
    assert.equal(status, 201);
    assert.deepEqual(body.failed_to_confirm_clients, { [b]: { [bob.id]: ['4', '5'] } });
    assert.deepEqual([body.failed_to_send, body.redundant, body.deleted], [{}, {}, {}]);
    assert.equal(rig.told.length, 1);
  });

  it('its members without named clients count as failed, and hold nobody up', async () => {
    await using chat = await openChat();
    const { rig, alice, anna, bob, send } = chat;
    rig.script = down;
    const { status, body } = await send(
      alice,
      messageFor([
        [alice, '2'],
        [anna, '3'],
      ]),
    );
    assert.equal(status, 201);
    const nothing = { [b]: { [bob.id]: [] } };
    assert.deepEqual([body.failed_to_send, body.failed_to_confirm_clients], [nothing, nothing]);
    assert.deepEqual([rig.pushes.length, rig.told.length], [2, 0]);
  });

  it('clients missing elsewhere still keep the message from being sent', async () => {
    await using chat = await openChat();
    const { rig, alice, bob, send } = chat;
    rig.script = down;
    const { status, body } = await send(alice, messageFor([[bob, '4']]));
    assert.equal(status, 412);
    assert.deepEqual([body.failed_to_send, body.failed_to_confirm_clients], [{}, {}]);
  });

  it('one that hangs is not waited for longer than the setting says', async () => {
    await using chat = await openChat({ remoteClientsMs: 20 });
    const { rig, alice, bob, everybody, send } = chat;
    rig.script = () => new Promise(() => undefined);
    const { status, body } = await send(alice, messageFor(everybody));
    assert.equal(status, 201);
    assert.deepEqual(body.failed_to_confirm_clients, { [b]: { [bob.id]: ['4', '5'] } });
  });
});

describe('a message for a conversation of another backend', () => {
  const status = {
    time: '2024-05-08T12:22:43.673Z',
    missing: {},
    redundant: {},
    deleted: {},
    failed_to_send: {},
    failed_to_confirm_clients: {},
  };

  it('goes to its owner as it is, and the owner’s answer to the client', async () => {
    await using chat = await openChat();
    const { rig, alice, bob } = chat;
    const cnv = newConversationId();
    const body = protobuf(messageFor([[bob, '4']]));
    const missing = { [b]: { [bob.id]: ['5' as ClientId] } };
    for (const [answer, expected] of [
      [{ Right: status }, { status: 201, body: status }],
      [
        { Left: { tag: messageErrors.clientMissing, contents: { ...status, missing } } },
        { status: 412, body: { ...status, missing } },
      ],
    ] as const) {
      rig.calls.length = 0;
      rig.script = () => answer;
      const sent = await rig.send(alice, sendQualifiedMessage, { params: { domain: b, cnv }, body });
      assert.deepEqual(sent, expected);
      const input = { conv_id: cnv, sender: alice.id, raw_message: body.bytes.toString('base64') };
      assert.deepEqual(rig.calls, [{ domain: b, rpc: 'send-message', input }]);
    }
    assert.deepEqual([rig.pushes, rig.told], [[], []]);
  });

  const refusals = [
    [messageErrors.conversationNotFound, 'no-conversation'],
    [messageErrors.unknownClient, 'unknown-client'],
    [messageErrors.legalhold, 'missing-legalhold-consent'],
    [messageErrors.legalholdOldClients, 'missing-legalhold-consent-old-clients'],
  ] as const;
  for (const [tag, key] of refusals) {
    it(`is refused with ${key} when the owner says ${tag}`, async () => {
      await using chat = await openChat();
      chat.rig.script = () => ({ Left: { tag } });
      const sent = chat.rig.send(chat.alice, sendQualifiedMessage, {
        params: { domain: b, cnv: newConversationId() },
        body: protobuf(messageFor([])),
      });
      await assert.rejects(sent, refusal(key));
    });
  }

  it('fails as the owner’s backend fails, and is not sent to it when it cannot be read', async () => {
    await using chat = await openChat();
    const { rig, alice } = chat;
    rig.script = () => {
      throw refuse('federation-connection-refused');
    };
    const params = { domain: b, cnv: newConversationId() };
    const send = (body: ReturnType<typeof protobuf>) =>
      rig.send(alice, sendQualifiedMessage, { params, body });
    await assert.rejects(send(protobuf(messageFor([]))), refusal('federation-connection-refused'));
    rig.calls.length = 0;
    await assert.rejects(
      send({ ...protobuf(messageFor([])), bytes: Buffer.from('x') }),
      refusal('bad-request'),
    );
    assert.deepEqual(rig.calls, []);
  });
});

describe('members who leave while clients are being asked for', () => {
  it('get nothing any more', async () => {
    await using chat = await openChat();
    const { rig, alice, anna, bob, cnv, everybody, send } = chat;
    const answer = clientsOf(bob);
    rig.script = async (call) => {
      if (call.rpc === 'get-user-clients') {
        const params = { domain: a, cnv, userDomain: a, usr: anna.id };
        await rig.send(anna, removeMember, { params });
        rig.pushes.length = 0;
      }
      return answer(call);
    };
    assert.equal((await send(alice, messageFor(everybody))).status, 201);
    assert.deepEqual(
      rig.pushes.map(({ recipients }) => recipients[0]?.user),
      [alice.id],
    );
  });

  it('have sent nothing when they are the sender', async () => {
    await using chat = await openChat();
    const { rig, anna, alice, bob, cnv, send } = chat;
    const answer = clientsOf(bob);
    rig.script = async (call) => {
      if (call.rpc === 'get-user-clients') {
        await rig.send(anna, removeMember, { params: { domain: a, cnv, userDomain: a, usr: anna.id } });
        rig.pushes.length = 0;
      }
      return answer(call);
    };
    const message = messageFor([[alice, '1']], {
      sender: '3' as ClientId,
      strategy: { tag: 'ignore-all' },
    });
    await assert.rejects(send(anna, message), refusal('no-conversation'));
    assert.deepEqual(rig.pushes, []);
  });
});
