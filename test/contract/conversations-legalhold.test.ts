import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addMembers } from '#contract/client/conversation-members.ts';
import { createConversation, createOneToOneV6 } from '#contract/client/conversations.ts';
import { broadcastQualifiedMessage } from '#contract/client/messages.ts';
import { mlsContentType } from '#contract/client/mls-conversations.ts';
import { getMlsPublicKeys } from '#contract/client/mls-keys.ts';
import { sendMlsCommitBundle, sendMlsMessage } from '#contract/client/mls-messages.ts';
import { sendMessage } from '#contract/federation/galley.ts';
import type { ClientId, ConversationId, UserId } from '#contract/ids.ts';
import type { LegalholdStatus } from '#contract/profiles.ts';
import { writeQualifiedMessage } from '#contract/protobuf/otr.ts';
import { MlsDevice } from '#testkit';
import {
  a,
  b,
  listener,
  newTeam,
  openRig,
  type Rig,
  refusal,
  type User,
  userOf,
} from './conversations-rig.ts';
import { base64, clientsOf, messageFor, openChat, protobuf } from './messages-rig.ts';

/* What legal hold of somebody means for the groups of A: who may be in them, who has to go, what is said in them. */

const conflict = refusal('missing-legalhold-consent');

function stand(rig: Rig, user: User, status: LegalholdStatus): void {
  rig.legalhold.set(user.id as UserId, status);
}

/** A group of Alice with others who are connected with her. */
async function group(rig: Rig, alice: User, others: readonly User[], more: object = {}) {
  rig.connect(alice, ...others);
  const body = { qualified_users: [...others], conversation_role: 'wire_member', ...more };
  const { body: made } = await rig.send(alice, createConversation, { body });
  rig.pushes.length = 0;
  rig.told.length = 0;
  return made.id;
}

async function membersOf(rig: Rig, cnv: ConversationId): Promise<readonly string[]> {
  return [...((await rig.galley.conversations.find(cnv))?.ownMembers.keys() ?? [])].toSorted();
}

const idsOf = (...users: readonly User[]) => users.map(({ id }) => id).toSorted();

describe('a group under legal hold', () => {
  it('loses who has not consented, when an admin of it has; others are told', async () => {
    await using rig = await openRig();
    const [alice, anna, held, bob] = [rig.user(), rig.user(), rig.user(), userOf(b)];
    const cnv = await group(rig, alice, [anna, held, bob]);
    stand(rig, alice, 'disabled');
    stand(rig, held, 'pending');
    await rig.galley.partForLegalhold(held.id);
    assert.deepEqual(await membersOf(rig, cnv), idsOf(alice, held));
    const [push, ...more] = rig.pushes;
    assert.deepEqual(more, []);
    const event = push?.event as { readonly type: string; readonly data?: object } | undefined;
    assert.equal(event?.type, 'conversation.member-leave');
    const data = { qualified_user_ids: [anna], user_ids: [anna.id], reason: 'left' };
    assert.deepEqual(event?.data, data);
    const to = push?.recipients.map(({ user }) => user).toSorted();
    assert.deepEqual(to, idsOf(alice, anna, held));
    assert.deepEqual(
      rig.told.map(({ to: domains, rpc, input }) => [domains, rpc, input.origUserId, input.action]),
      [[[b], 'on-conversation-updated', anna, { tag: 'ConversationLeaveTag', action: {} }]],
    );
    await rig.galley.partForLegalhold(held.id);
    assert.equal(rig.told.length, 1);
  });

  it('loses who is under it, when no admin has consented; who is of another backend is not asked', async () => {
    await using rig = await openRig();
    const [alice, anna, held, bob] = [rig.user(), rig.user(), rig.user(), userOf(b)];
    const cnv = await group(rig, alice, [anna, held, bob]);
    stand(rig, anna, 'disabled');
    stand(rig, held, 'pending');
    await rig.galley.partForLegalhold(held.id);
    assert.deepEqual(await membersOf(rig, cnv), idsOf(alice, anna));
    assert.deepEqual(
      rig.told.map(({ input }) => input.origUserId),
      [held],
    );
  });

  it('stays as it is where all have consented, and where it is of two users', async () => {
    await using rig = await openRig();
    const [alice, carol, held, bob] = [rig.user(), rig.user(), rig.user(), userOf(b)];
    const together = await group(rig, alice, [held, bob]);
    const alone = await group(rig, held, [bob]);
    rig.connect(carol, held);
    const wanted = { qualified_users: [held] };
    const { body: pair } = await rig.send(carol, createOneToOneV6, { body: wanted });
    rig.pushes.length = 0;
    stand(rig, alice, 'disabled');
    stand(rig, held, 'pending');
    await rig.galley.partForLegalhold(held.id);
    assert.deepEqual(await membersOf(rig, together), idsOf(alice, held));
    assert.deepEqual(await membersOf(rig, alone), idsOf(held));
    assert.deepEqual(await membersOf(rig, pair.id), idsOf(carol, held));
    assert.deepEqual([rig.told, rig.pushes], [[], []]);
  });

  it('is made with nobody who has not consented', async () => {
    await using rig = await openRig();
    const [alice, anna, held, bob] = [rig.user(), rig.user(), rig.user(), userOf(b)];
    stand(rig, held, 'pending');
    await assert.rejects(group(rig, alice, [held]), conflict);
    stand(rig, alice, 'disabled');
    await assert.rejects(group(rig, alice, [held, anna, bob]), conflict);
    await group(rig, alice, [held, bob]);
    await group(rig, alice, [anna]);
    stand(rig, held, 'disabled');
    await group(rig, alice, [held, anna]);
  });

  it('takes in nobody who has not consented', async () => {
    await using rig = await openRig();
    const [alice, anna, held, bob] = [rig.user(), rig.user(), rig.user(), userOf(b)];
    stand(rig, alice, 'disabled');
    stand(rig, held, 'enabled');
    const cnv = await group(rig, alice, [held]);
    rig.connect(alice, anna, bob);
    const add = (...users: readonly User[]) =>
      rig.send(alice, addMembers, { params: { domain: a, cnv }, body: { qualified_users: [...users] } });
    await assert.rejects(add(anna), conflict);
    await assert.rejects(add(anna, bob), conflict);
    assert.deepEqual(await membersOf(rig, cnv), idsOf(alice, held));
    await add(bob);
    stand(rig, anna, 'disabled');
    await add(anna);
    assert.deepEqual(await membersOf(rig, cnv), idsOf(alice, anna, held));
  });

  it('sends away who has not consented when somebody under it comes, if an admin has consented', async () => {
    await using rig = await openRig();
    const [alice, anna, held, bob] = [rig.user(), rig.user(), rig.user(), userOf(b)];
    const cnv = await group(rig, alice, [anna, bob]);
    rig.connect(alice, held);
    stand(rig, held, 'pending');
    const add = () =>
      rig.send(alice, addMembers, { params: { domain: a, cnv }, body: { qualified_users: [held] } });
    await assert.rejects(add(), conflict);
    assert.deepEqual([await membersOf(rig, cnv), rig.told], [idsOf(alice, anna), []]);
    stand(rig, alice, 'disabled');
    const answer = await add();
    assert.ok(answer.status === 200);
    assert.equal(answer.body.type, 'conversation.member-join');
    assert.deepEqual(await membersOf(rig, cnv), idsOf(alice, held));
    assert.deepEqual(
      rig.told.map(({ input }) => input.action),
      [
        { tag: 'ConversationJoinTag', action: { users: [held], role: 'wire_admin' } },
        { tag: 'ConversationRemoveMembersTag', action: { targets: [anna], reason: 'removed' } },
      ],
    );
  });
});

describe('a message where a legal hold service listens', () => {
  const sets = { known: ['3', listener] as ClientId[] };

  it('is sent only when all own members have consented, before missing clients count', async () => {
    await using chat = await openChat();
    const { rig, alice, anna, everybody, send } = chat;
    rig.clients.set(anna.id, sets.known);
    stand(rig, anna, 'enabled');
    await assert.rejects(send(alice, messageFor(everybody)), conflict);
    assert.deepEqual([rig.pushes, rig.told], [[], []]);
    stand(rig, alice, 'disabled');
    assert.equal((await send(alice, messageFor(everybody))).status, 412);
    const heard = messageFor([...everybody, [anna, listener]]);
    assert.equal((await send(alice, heard)).status, 201);
    const reached = rig.pushes.flatMap(({ recipients }) => recipients.flatMap(({ clients }) => clients));
    assert.deepEqual(reached.toSorted(), [listener, '2', '3']);
  });

  it('of a user of another backend is sent all the same', async () => {
    await using chat = await openChat();
    const { rig, anna, bob, alice, cnv } = chat;
    rig.clients.set(anna.id, sets.known);
    stand(rig, anna, 'enabled');
    rig.script = clientsOf(bob, ['4']);
    const message = messageFor(
      [
        [alice, '1'],
        [alice, '2'],
        [anna, '3'],
        [anna, listener],
      ],
      { sender: '4' as ClientId },
    );
    const raw_message = Buffer.from(writeQualifiedMessage(message)).toString('base64');
    const { body } = await rig.receive(b, sendMessage, { conv_id: cnv, sender: bob.id, raw_message });
    assert.ok('Right' in body, JSON.stringify(body));
    const heard = rig.pushes.filter(({ recipients }) => recipients[0]?.clients?.includes(listener));
    const [{ event } = { event: undefined }] = heard;
    assert.equal((event as { data?: { text?: string } } | undefined)?.data?.text, base64(`for ${listener}`));
  });

  it('is not broadcast to who has not consented', async () => {
    await using rig = await openRig();
    const team = newTeam();
    const [alice, held] = [rig.user({ team }), rig.user({ team })];
    rig.clients.set(alice.id, ['1'] as ClientId[]);
    rig.clients.set(held.id, [listener]);
    stand(rig, held, 'enabled');
    const body = protobuf(messageFor([[held, listener]]));
    await assert.rejects(rig.send(alice, broadcastQualifiedMessage, { body }), conflict);
    stand(rig, alice, 'disabled');
    assert.equal((await rig.send(alice, broadcastQualifiedMessage, { body })).status, 201);
  });
});

describe('an MLS group under legal hold', () => {
  const client = '1a' as ClientId;

  async function openMls(rig: Rig) {
    const [alice, anna, held] = [rig.user(), rig.user(), rig.user()];
    rig.connect(alice, anna, held);
    const devices = new Map<User, MlsDevice>();
    for (const user of [alice, anna, held]) {
      rig.clients.set(user.id, [client]);
      devices.set(user, await MlsDevice.create(`${user.id}:${client}@${a}`));
    }
    const device = (user: User) => {
      const found = devices.get(user);
      if (found === undefined) throw new Error('no device');
      return found;
    };
    const { body: made } = await rig.send(alice, createConversation, { body: { protocol: 'mls' } });
    const groupId = String(made.group_id);
    const { body: keys } = await rig.send(alice, getMlsPublicKeys);
    const { ed25519 } = keys.removal as { readonly ed25519: string };
    await device(alice).createGroup(groupId, Buffer.from(ed25519, 'base64'));
    const send = (bytes: Buffer) =>
      rig.send(alice, sendMlsCommitBundle, { client, body: { contentType: mlsContentType, bytes } });
    async function add(...users: readonly User[]) {
      const packages = await Promise.all(users.map((user) => device(user).makeKeyPackage()));
      const commit = await device(alice).commit(groupId, { add: packages.map(({ bytes }) => bytes) });
      await send(commit.bundle);
      commit.accept();
    }
    return { alice, anna, held, cnv: made.id, groupId, device, add };
  }

  it('takes in by a commit nobody who has not consented', async () => {
    await using rig = await openRig({}, undefined, { hasMls: true });
    const { alice, anna, held, cnv, add } = await openMls(rig);
    stand(rig, held, 'pending');
    await assert.rejects(add(held), conflict);
    stand(rig, alice, 'disabled');
    await assert.rejects(add(held, anna), conflict);
    assert.deepEqual(await membersOf(rig, cnv), idsOf(alice));
    await add(held);
    await assert.rejects(add(anna), conflict);
    assert.deepEqual(await membersOf(rig, cnv), idsOf(alice, held));
  });

  it('proposes in the new epoch to take out whom a commit has sent away', async () => {
    await using rig = await openRig({}, undefined, { hasMls: true });
    const { alice, anna, held, cnv, groupId, device, add } = await openMls(rig);
    await add(anna);
    stand(rig, alice, 'disabled');
    stand(rig, held, 'pending');
    rig.pushes.length = 0;
    await add(held);
    assert.deepEqual(await membersOf(rig, cnv), idsOf(alice, held));
    const proposals = rig.pushes.filter(
      ({ event, recipients }) =>
        event.type === 'conversation.mls-message-add' && recipients.some(({ user }) => user === alice.id),
    );
    assert.equal(proposals.length, 1);
    const [{ event } = { event: undefined }] = proposals;
    const { data } = event as unknown as { readonly data: string };
    await device(alice).receive(groupId, Buffer.from(data, 'base64'));
    const commit = await device(alice).commit(groupId);
    const body = { contentType: mlsContentType, bytes: commit.bundle };
    await rig.send(alice, sendMlsCommitBundle, { client, body });
    commit.accept();
    rig.pushes.length = 0;
    const bytes = await device(alice).encrypt(groupId, 'without her');
    await rig.send(alice, sendMlsMessage, { client, body: { contentType: mlsContentType, bytes } });
    assert.deepEqual(
      rig.pushes.flatMap(({ recipients }) => recipients.map(({ user }) => user)),
      [held.id],
    );
  });

  it('proposes to take out who leaves because of it', async () => {
    await using rig = await openRig({}, undefined, { hasMls: true });
    const { alice, anna, held, cnv, add } = await openMls(rig);
    await add(anna, held);
    stand(rig, alice, 'disabled');
    stand(rig, held, 'pending');
    rig.pushes.length = 0;
    await rig.galley.partForLegalhold(held.id);
    assert.deepEqual(await membersOf(rig, cnv), idsOf(alice, held));
    assert.deepEqual(rig.eventsOf(alice), ['member-leave', 'mls-message-add']);
  });
});
