import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  broadcastLegacyMessage,
  broadcastQualifiedMessage,
  ClientMismatch,
  NewOtrMessage,
  protobufType,
  sendLegacyMessage,
} from '#contract/client/messages.ts';
import { OtrMessageData } from '#contract/events/conversation.ts';
import { MessageSendResponse, onMessageSent } from '#contract/federation/galley.ts';
import type { ClientId } from '#contract/ids.ts';
import { writeLegacyMessage } from '#contract/protobuf/otr.ts';
import { compileParser } from '#contract/schema.ts';
import { a, b, newTeam, openRig, refusal } from './conversations-rig.ts';
import { base64, type Chat, messageFor, openChat, protobuf, type Told } from './messages-rig.ts';

/** The forms of messages that know of one backend alone, and broadcasts. */

function json(message: object) {
  return { contentType: 'application/json', bytes: Buffer.from(JSON.stringify(message)) };
}

function send(
  { rig, alice, cnv }: Chat,
  body: { readonly contentType: string; readonly bytes: Uint8Array },
  query: { readonly ignore_missing?: string; readonly report_missing?: string } = {},
) {
  return rig.send(alice, sendLegacyMessage, { params: { cnv }, query, body });
}

describe('a message of the legacy form', () => {
  it('is sent from JSON, with base64 in its standard form and data only when given', async () => {
    await using chat = await openChat();
    const { rig, alice, anna } = chat;
    const recipients = { [alice.id]: { 2: 'YQ' }, [anna.id]: { 3: base64('b') } };
    const { status, body } = await send(chat, json({ sender: '1', recipients }), { ignore_missing: 'true' });
    assert.equal(status, 201);
    assert.deepEqual([body.missing, body.redundant, body.deleted], [{}, {}, {}]);
    assert.deepEqual(
      rig.pushes.map(({ event }) => ('data' in event ? event.data : undefined)),
      [
        { sender: '1', recipient: '2', text: 'YQ==' },
        { sender: '1', recipient: '3', text: base64('b') },
      ],
    );
    const data = base64('blob');
    await send(chat, json({ sender: '1', recipients, data, report_missing: [] }));
    const last = rig.pushes.at(-1)?.event as { readonly data?: { readonly data?: string } } | undefined;
    assert.equal(last?.data?.data, data);
  });

  it('is sent from protobuf', async () => {
    await using chat = await openChat();
    const { rig, alice, anna } = chat;
    const { strategy: _, ...message } = messageFor([
      [alice, '2'],
      [anna, '3'],
    ]);
    const written = (reportMissing: readonly (typeof alice.id)[]) => ({
      contentType: protobufType,
      bytes: writeLegacyMessage({ ...message, reportMissing }),
    });
    assert.equal((await send(chat, written([anna.id]))).status, 201);
    assert.equal(rig.pushes.length, 2);
    assert.equal((await send(chat, written([]))).status, 412);
  });

  it('is not sent when only clients elsewhere are missing, which its answer cannot tell', async () => {
    await using chat = await openChat();
    const { rig, alice, anna } = chat;
    const recipients = { [alice.id]: { 2: 'YQ==' }, [anna.id]: { 3: 'YQ==' } };
    const { status, body } = await send(chat, json({ sender: '1', recipients }));
    assert.deepEqual([status, body.missing, rig.pushes], [412, {}, []]);
  });

  it('is for the members elsewhere whom its bare ids name, and for nobody else there', async () => {
    await using chat = await openChat();
    const { rig, bob } = chat;
    const recipients = { [bob.id]: { 5: 'YQ==' }, [randomUUID()]: { 6: 'YQ==' } };
    const { status } = await send(chat, json({ sender: '1', recipients }), { ignore_missing: 'true' });
    assert.equal(status, 201);
    assert.deepEqual(
      rig.told.map(({ to, rpc, input }) => [to, rpc, (input as Told).recipients]),
      [[[b], onMessageSent.name, { [bob.id]: { 5: 'YQ==' } }]],
    );
  });

  it('that is none is refused', async () => {
    await using chat = await openChat();
    const none = [{}, { sender: 'x', recipients: {} }, { sender: '1', recipients: { bob: {} } }, []];
    for (const body of none) await assert.rejects(send(chat, json(body)), refusal('bad-request'));
    const whole = json({ sender: '1', recipients: {} });
    await assert.rejects(send(chat, whole, { ignore_missing: 'perhaps' }), refusal('bad-request'));
    await assert.rejects(send(chat, whole, { report_missing: '' }), refusal('bad-request'));
  });

  it('reports by body, then ignore_missing, then report_missing, then all', async () => {
    await using chat = await openChat();
    const { alice, anna, bob } = chat;
    const [all, ofAnna, ofAlice, none] = [
      { [alice.id]: ['2'], [anna.id]: ['3'] },
      { [anna.id]: ['3'] },
      { [alice.id]: ['2'] },
      undefined,
    ];
    const cases = [
      [undefined, {}, all],
      [[anna.id], {}, ofAnna],
      [[anna.id], { ignore_missing: 'true' }, ofAnna],
      [[], { report_missing: 'true' }, none],
      [undefined, { ignore_missing: 'true', report_missing: 'true' }, none],
      [undefined, { ignore_missing: 'false', report_missing: 'false' }, all],
      [undefined, { ignore_missing: `${anna.id},${bob.id}` }, ofAlice],
      [undefined, { report_missing: 'true' }, all],
      [undefined, { report_missing: 'false' }, none],
      [undefined, { report_missing: anna.id }, ofAnna],
      [undefined, { report_missing: bob.id }, none],
    ] as const;
    for (const [report_missing, query, missing] of cases) {
      const { status, body } = await send(chat, json({ sender: '1', recipients: {}, report_missing }), query);
      const what = JSON.stringify([report_missing, query]);
      assert.equal(status, missing === undefined ? 201 : 412, what);
      assert.deepEqual(body.missing, missing ?? {}, what);
    }
  });
});

describe('a broadcast', () => {
  async function openTeam(maxBroadcastUsers?: number) {
    const rig = await openRig(maxBroadcastUsers === undefined ? {} : { maxBroadcastUsers });
    const team = newTeam();
    const [alice, mate, contact, stranger] = [rig.user({ team }), rig.user({ team }), rig.user(), rig.user()];
    rig.connect(alice, contact);
    for (const [user, client] of [
      [alice, '1'],
      [mate, '2'],
      [contact, '3'],
      [stranger, '4'],
    ] as const)
      rig.clients.set(user.id, [client] as ClientId[]);
    return { rig, alice, mate, contact, stranger, [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() };
  }

  it('reaches team and contacts, with the self-conversation as its conversation', async () => {
    await using at = await openTeam();
    const { rig, alice, mate, contact, stranger } = at;
    const message = messageFor([
      [mate, '2'],
      [contact, '3'],
      [stranger, '4'],
    ]);
    const { status, body } = await rig.send(alice, broadcastQualifiedMessage, { body: protobuf(message) });
    assert.equal(status, 201);
    assert.deepEqual(body.redundant, { [a]: { [stranger.id]: ['4'] } });
    assert.deepEqual(
      rig.pushes.map(({ recipients: [to], event }) => [
        to?.user,
        'conversation' in event && event.conversation,
      ]),
      [
        [mate.id, alice.id],
        [contact.id, alice.id],
      ],
    );
    assert.deepEqual(rig.told, []);
  });

  it('is not sent when clients are missing', async () => {
    await using at = await openTeam();
    const { rig, alice, mate, contact } = at;
    const body = json({ sender: '1', recipients: { [mate.id]: { 2: 'YQ==' } } });
    const answer = await rig.send(alice, broadcastLegacyMessage, { query: {}, body });
    assert.deepEqual([answer.status, answer.body.missing], [412, { [contact.id]: ['3'] }]);
    assert.deepEqual(rig.pushes, []);
  });

  it('is for people with a team alone', async () => {
    await using at = await openTeam();
    const { rig, contact } = at;
    const sent = rig.send(contact, broadcastQualifiedMessage, { body: protobuf(messageFor([])) });
    await assert.rejects(sent, refusal('no-team'));
  });

  it('of a large team has to name whom it reports, and not too many', async () => {
    await using at = await openTeam(1);
    const { rig, alice, mate, contact } = at;
    const broadcast = (message: ReturnType<typeof messageFor>) =>
      rig.send(alice, broadcastQualifiedMessage, { body: protobuf(message) });
    await assert.rejects(broadcast(messageFor([])), refusal('too-many-users-to-broadcast'));
    const both = messageFor([
      [mate, '2'],
      [contact, '3'],
    ]);
    await assert.rejects(broadcast(both), refusal('too-many-users-to-broadcast'));
    const strategy = { tag: 'report-only', users: [mate] } as const;
    assert.equal((await broadcast(messageFor([[mate, '2']], { strategy }))).status, 201);
    const two = { tag: 'report-only', users: [mate, contact] } as const;
    await assert.rejects(
      broadcast(messageFor([], { strategy: two })),
      refusal('too-many-users-to-broadcast'),
    );
  });
});

const goldenDir = process.env.CROSSWIRE_GOLDEN_DIR;

/** wire-server's own golden values; CROSSWIRE_GOLDEN_DIR names the folder that holds `client/` and `federation/`. */
describe('golden values', {
  skip: goldenDir === undefined ? 'CROSSWIRE_GOLDEN_DIR is not set' : false,
}, () => {
  const values = [
    ['federation/testObject_MessageSendResponse1', MessageSendResponse],
    ['federation/testObject_MessageSendResponse2', MessageSendResponse],
    ['federation/testObject_MessageSendResponse3', MessageSendResponse],
    ['client/testObject_ClientMismatch_user_1', ClientMismatch],
    ['client/testObject_NewOtrMessage_user_1', NewOtrMessage],
    ['client/testObject_OtrMessage_user_1', OtrMessageData],
  ] as const;
  for (const [name, schema] of values) {
    it(`${name} is read and written as it is`, () => {
      const value: unknown = JSON.parse(readFileSync(join(goldenDir ?? '', `${name}.json`), 'utf8'));
      assert.deepEqual(JSON.parse(JSON.stringify(compileParser(schema).parse(value, 'golden'))), value);
    });
  }
});
