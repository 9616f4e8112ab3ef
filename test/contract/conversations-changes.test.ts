import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as members from '#contract/client/conversation-members.ts';
import * as properties from '#contract/client/conversation-properties.ts';
import {
  createConversation,
  deleteTeamConversation,
  getConversation,
} from '#contract/client/conversations.ts';
import type { ConversationId } from '#contract/ids.ts';
import { Refusal } from '#contract/refusal.ts';
import {
  a,
  b,
  c,
  newConversationId,
  newTeam,
  openRig,
  type Rig,
  refusal,
  type User,
  userOf,
  willingRemotes,
} from './conversations-rig.ts';

interface Group {
  readonly rig: Rig;
  /** An admin. */
  readonly alice: User;
  /** Plain members, of this backend and another. */
  readonly anna: User;
  readonly bob: User;
  readonly cnv: ConversationId;
}

async function openGroup(rig: Rig, more: object = {}): Promise<Group> {
  const [alice, anna, bob] = [rig.user(), rig.user(), userOf(b)];
  rig.connect(alice, anna, bob);
  const body = { qualified_users: [anna, bob], conversation_role: 'wire_member', ...more };
  const { body: made } = await rig.send(alice, createConversation, { body });
  rig.pushes.length = 0;
  rig.told.length = 0;
  rig.calls.length = 0;
  return { rig, alice, anna, bob, cnv: made.id };
}

function actionsTold({ rig }: Group): readonly unknown[] {
  return rig.told.map(({ to, input }) => [to[0], input.action]);
}

async function statusOf(answer: Promise<{ readonly status: number }>): Promise<number> {
  return (await answer).status;
}

describe('changing a property', () => {
  it('is told to own members and to other backends, and answered with the event', async () => {
    await using rig = await openRig();
    const group = await openGroup(rig);
    const { alice, anna, bob, cnv } = group;
    const params = { domain: a, cnv };
    const renamed = await rig.send(alice, properties.rename, { params, body: { name: 'new' } });
    assert.ok(renamed.status === 200 && renamed.body.type === 'conversation.rename');
    assert.deepEqual(renamed.body.data, { name: 'new' });
    assert.equal((await rig.send(alice, properties.rename, { params, body: { name: 'new' } })).status, 200);
    const timer = () => rig.send(alice, properties.setMessageTimer, { params, body: { message_timer: 5 } });
    assert.deepEqual([await statusOf(timer()), await statusOf(timer())], [200, 204]);
    const receipt = () => rig.send(alice, properties.setReceiptMode, { params, body: { receipt_mode: 2 } });
    assert.deepEqual([await statusOf(receipt()), await statusOf(receipt())], [200, 204]);
    assert.deepEqual(rig.eventsOf(anna), ['rename', 'rename', 'message-timer-update', 'receipt-mode-update']);
    assert.deepEqual(actionsTold(group), [
      [b, { tag: 'ConversationRenameTag', action: { name: 'new' } }],
      [b, { tag: 'ConversationRenameTag', action: { name: 'new' } }],
      [b, { tag: 'ConversationMessageTimerUpdateTag', action: { message_timer: 5 } }],
      [b, { tag: 'ConversationReceiptModeUpdateTag', action: { receipt_mode: 2 } }],
    ]);
    assert.ok(rig.told.every(({ lane }) => lane === `conv:${cnv}@${a}`));
    assert.deepEqual(rig.told[0]?.input.alreadyPresentUsers, [bob.id]);
    const seen = (await rig.send(anna, getConversation, { params })).body;
    assert.deepEqual([seen.name, seen.message_timer, seen.receipt_mode], ['new', 5, 2]);
  });

  it('is for roles that allow it, for members, and in conversations that exist', async () => {
    await using rig = await openRig();
    const { alice, anna, cnv } = await openGroup(rig);
    const stranger = rig.user();
    const rename = (user: User, id = cnv, domain = a) =>
      rig.send(user, properties.rename, { params: { domain, cnv: id }, body: { name: 'x' } });
    const denied = await rename(anna).catch((error: unknown) => error);
    assert.ok(denied instanceof Refusal);
    assert.deepEqual(
      [denied.label, denied.message],
      ['action-denied', 'Insufficient authorization (missing modify_conversation_name)'],
    );
    await assert.rejects(rename(stranger), refusal('no-conversation'));
    await assert.rejects(rename(alice, newConversationId()), refusal('no-conversation'));
    await assert.rejects(rename(alice, cnv, b), refusal('federation-not-implemented'));
    assert.deepEqual([rig.pushes, rig.told], [[], []]);
  });
});

describe('access', () => {
  it('is a set that must leave a way in', async () => {
    await using rig = await openRig();
    const { alice, cnv } = await openGroup(rig);
    const set = (access: readonly string[], access_role: readonly string[]) =>
      rig.send(alice, properties.setAccess, {
        params: { domain: a, cnv },
        body: { access: [...access], access_role: [...access_role] } as never,
      });
    await assert.rejects(set(['private'], ['team_member', 'guest']), refusal('invalid-op:target-access'));
    await assert.rejects(set(['invite'], []), refusal('invalid-op:target-access'));
    await assert.rejects(set(['invite'], ['team_member']), refusal('invalid-op:target-access'));
    assert.equal(
      (await set(['invite', 'invite'], ['service', 'non_team_member', 'team_member'])).status,
      204,
    );
    const opened = await set(['code', 'invite'], ['team_member', 'non_team_member', 'guest']);
    assert.ok(opened.status === 200 && opened.body.type === 'conversation.access-update');
    assert.deepEqual(opened.body.data, {
      access: ['invite', 'code'],
      access_role: 'non_activated',
      access_role_v2: ['team_member', 'non_team_member', 'guest'],
    });
  });

  it('that a member no longer fits takes it out, with an event of its own', async () => {
    await using rig = await openRig();
    const team = newTeam();
    const [alice, guest, bob] = [rig.user({ team }), rig.user(), userOf(b)];
    rig.connect(alice, guest, bob);
    const body = { qualified_users: [guest, bob], team: { teamid: team } };
    const { body: made } = await rig.send(alice, createConversation, { body });
    rig.told.length = 0;
    await rig.send(alice, properties.setAccess, {
      params: { domain: a, cnv: made.id },
      body: { access: ['invite'], access_role: ['team_member'] },
    });
    assert.deepEqual(rig.eventsOf(alice), ['create', 'access-update', 'member-leave', 'member-leave']);
    assert.deepEqual(rig.eventsOf(guest), ['create', 'access-update', 'member-leave']);
    const tags = rig.told.map(({ input }) => (input.action as { tag: string }).tag);
    assert.deepEqual(tags, [
      'ConversationAccessDataTag',
      'ConversationRemoveMembersTag',
      'ConversationRemoveMembersTag',
    ]);
    assert.deepEqual(
      (await rig.send(alice, getConversation, { params: { domain: a, cnv: made.id } })).body.members.others,
      [],
    );
  });
});

describe('members', () => {
  const add = (rig: Rig, user: User, cnv: ConversationId, users: readonly User[], role?: string) =>
    rig.send(user, members.addMembers, {
      params: { domain: a, cnv },
      body: { qualified_users: [...users], ...(role === undefined ? {} : { conversation_role: role }) },
    });

  it('are added once, and everybody is told of those who are new', async () => {
    await using rig = await openRig();
    const group = await openGroup(rig);
    const { alice, anna, bob, cnv } = group;
    const [amir, bill] = [rig.user(), userOf(b)];
    rig.connect(alice, amir, bill);
    const added = await add(rig, alice, cnv, [amir, bill, anna], 'wire_member');
    assert.ok(added.status === 200 && added.body.type === 'conversation.member-join');
    assert.deepEqual(added.body.data.user_ids, [amir.id, bill.id]);
    assert.equal((await add(rig, alice, cnv, [amir, bob])).status, 204);
    assert.deepEqual(rig.eventsOf(amir), ['member-join']);
    assert.deepEqual(actionsTold(group), [
      [b, { tag: 'ConversationJoinTag', action: { users: [amir, bill], role: 'wire_member' } }],
    ]);
    assert.deepEqual(
      rig.calls.map(({ domain, rpc }) => [domain, rpc]),
      [[b, 'api-version']],
      'known backends must answer',
    );
  });

  it('of a new backend are added when all backends federate with it', async () => {
    await using rig = await openRig();
    const group = await openGroup(rig);
    const { alice, cnv } = group;
    const carol = userOf(c);
    rig.connect(alice, carol);
    await add(rig, alice, cnv, [carol]);
    assert.deepEqual(
      rig.calls.map(({ domain, rpc, input }) => [domain, rpc, input]),
      [
        [b, 'get-not-fully-connected-backends', { domains: [c] }],
        [c, 'get-not-fully-connected-backends', { domains: [b] }],
      ],
    );
    assert.deepEqual(rig.told.map(({ to }) => to[0]).toSorted(), [b, c]);
    rig.script = () => {
      throw new Error('down');
    };
    const dora = userOf(c);
    rig.connect(alice, dora);
    const failure = await add(rig, alice, cnv, [dora]).catch((error: unknown) => error);
    assert.ok(failure instanceof Refusal);
    assert.deepEqual([failure.status, failure.body()], [533, { unreachable_backends: [c] }]);
  });

  it('are not added against the rules', async () => {
    await using rig = await openRig({ maxConversationSize: 3 });
    const { alice, anna, cnv } = await openGroup(rig);
    const [friend, other, stranger, far] = [rig.user(), rig.user(), rig.user(), userOf(b)];
    rig.connect(alice, friend, other);
    rig.connect(anna, friend);
    await assert.rejects(add(rig, anna, cnv, [friend]), refusal('action-denied'));
    await assert.rejects(add(rig, stranger, cnv, [stranger]), refusal('no-conversation'));
    await assert.rejects(add(rig, alice, cnv, [stranger]), refusal('not-connected'));
    await assert.rejects(add(rig, alice, cnv, [far]), refusal('not-connected'));
    await assert.rejects(add(rig, alice, cnv, [friend, other]), refusal('too-many-members'));
    await add(rig, alice, cnv, [friend]);
    const params = { domain: a, cnv };
    await rig.send(alice, properties.setAccess, {
      params,
      body: { access: ['link'], access_role: ['team_member', 'non_team_member', 'service'] },
    });
    await rig.send(alice, members.removeMember, { params: { ...params, userDomain: a, usr: friend.id } });
    await assert.rejects(add(rig, alice, cnv, [other]), refusal('access-denied'));
    const elsewhere = { params: { domain: b, cnv }, body: { qualified_users: [friend] } };
    await assert.rejects(
      rig.send(alice, members.addMembers, elsewhere),
      refusal('federation-not-implemented'),
    );
  });

  it('are taken out by who may, and see it themselves', async () => {
    await using rig = await openRig();
    const group = await openGroup(rig);
    const { alice, anna, bob, cnv } = group;
    const remove = (user: User, target: User) =>
      rig.send(user, members.removeMember, {
        params: { domain: a, cnv, userDomain: target.domain, usr: target.id },
      });
    await assert.rejects(remove(anna, bob), refusal('action-denied'));
    const removed = await remove(alice, bob);
    assert.ok(removed.status === 200 && removed.body.type === 'conversation.member-leave');
    assert.deepEqual([removed.body.data.reason, removed.body.data.qualified_user_ids], ['removed', [bob]]);
    assert.equal((await remove(alice, bob)).status, 204);
    assert.deepEqual(actionsTold(group), [
      [b, { tag: 'ConversationRemoveMembersTag', action: { targets: [bob], reason: 'removed' } }],
    ]);
    const left = await remove(anna, anna);
    assert.ok(left.status === 200 && left.body.type === 'conversation.member-leave');
    assert.equal(left.body.data.reason, 'left');
    assert.deepEqual(rig.eventsOf(anna), ['member-leave', 'member-leave']);
    assert.equal(rig.told.length, 1, 'backends without members are not told');
    await assert.rejects(remove(anna, anna), refusal('no-conversation'));
  });

  it('get roles from others only', async () => {
    await using rig = await openRig();
    const group = await openGroup(rig);
    const { alice, anna, bob, cnv } = group;
    const set = (user: User, target: User, conversation_role = 'wire_admin') =>
      rig.send(user, members.updateMember, {
        params: { domain: a, cnv, userDomain: target.domain, usr: target.id },
        body: { conversation_role },
      });
    await assert.rejects(set(anna, bob), refusal('action-denied'));
    await assert.rejects(set(alice, alice), refusal('invalid-op'));
    await assert.rejects(set(alice, rig.user()), refusal('no-conversation-member'));
    await set(alice, anna);
    await set(anna, bob);
    assert.deepEqual(rig.eventsOf(alice), ['member-update', 'member-update']);
    await set(anna, bob, 'custom_role');
    const view = (await rig.send(alice, getConversation, { params: { domain: a, cnv } })).body;
    const roles = view.members.others.map(({ qualified_id, conversation_role }) => [
      qualified_id.id,
      conversation_role,
    ]);
    assert.deepEqual(
      new Map(roles as never),
      new Map([
        [anna.id, 'wire_admin'],
        [bob.id, 'custom_role'],
      ]),
    );
  });

  it('mute, archive and hide for themselves alone', async () => {
    await using rig = await openRig();
    const { alice, anna, cnv } = await openGroup(rig);
    const params = { domain: a, cnv };
    const body = { otr_muted_status: 1, otr_muted_ref: 'now', otr_archived: true, hidden: true, junk: 1 };
    await rig.send(anna, members.updateSelf, { params, body });
    assert.deepEqual([rig.eventsOf(anna), rig.eventsOf(alice)], [['member-update'], []]);
    const self = (await rig.send(anna, members.getSelf, { params: { cnv } })).body;
    assert.deepEqual(
      [self?.otr_muted_status, self?.otr_muted_ref, self?.otr_archived, self?.hidden, self?.hidden_ref],
      [1, 'now', true, true, null],
    );
    assert.deepEqual((await rig.send(rig.user(), members.getSelf, { params: { cnv } })).body, null);
    await assert.rejects(rig.send(anna, members.updateSelf, { params, body: {} }), refusal('bad-request'));
    await assert.rejects(
      rig.send(rig.user(), members.updateSelf, { params, body }),
      refusal('no-conversation'),
    );
  });

  it('who type are seen by members of all backends, for the moment', async () => {
    await using rig = await openRig();
    const { alice, anna, bob, cnv } = await openGroup(rig);
    const params = { domain: a, cnv };
    const status = { status: 'started' } as const;
    await rig.send(alice, members.typeIn, { params, body: status });
    assert.deepEqual([rig.eventsOf(anna), rig.pushes[0]?.transient], [['typing'], true]);
    assert.equal(rig.calls[0]?.rpc, 'on-typing-indicator-updated');
    assert.deepEqual(rig.calls[0]?.input.users_in_conv, [bob.id]);
    rig.script = () => {
      throw new Error('down');
    };
    await rig.send(alice, members.typeIn, { params, body: status });
    await assert.rejects(
      rig.send(rig.user(), members.typeIn, { params, body: status }),
      refusal('no-conversation'),
    );
  });
});

describe('a team’s conversation', () => {
  it('gets a name and members from those whom the team permits, and from its guests', async () => {
    await using rig = await openRig();
    const team = newTeam();
    const owner = rig.user({ team });
    const [partner, member] = [rig.user({ team, role: 'partner' }), rig.user({ team, role: 'member' })];
    const [guest, mate, stranger] = [rig.user(), rig.user({ team }), rig.user()];
    rig.connect(owner, guest);
    rig.connect(guest, stranger);
    const body = { qualified_users: [partner, member, guest], team: { teamid: team } };
    const { body: made } = await rig.send(owner, createConversation, { body });
    const params = { domain: a, cnv: made.id };
    const name = (user: User) => rig.send(user, properties.rename, { params, body: { name: 'New' } });
    const add = (user: User, added: User) =>
      rig.send(user, members.addMembers, { params, body: { qualified_users: [added] } });
    rig.pushes.length = 0;
    await assert.rejects(name(partner), refusal('invalid-op'));
    await assert.rejects(add(partner, mate), refusal('invalid-op'));
    assert.deepEqual(rig.pushes, []);
    assert.equal((await name(member)).status, 200);
    assert.equal((await name(guest)).status, 200);
    assert.equal((await add(member, mate)).status, 200);
    assert.equal((await add(guest, stranger)).status, 200);
  });
});

describe('the end of a conversation', () => {
  it('is for a team’s conversations, by its admins', async () => {
    await using rig = await openRig();
    const team = newTeam();
    const [alice, mate, bob] = [rig.user({ team }), rig.user({ team }), userOf(b)];
    rig.connect(alice, bob);
    const body = { qualified_users: [mate, bob], team: { teamid: team }, conversation_role: 'wire_member' };
    const { body: made } = await rig.send(alice, createConversation, { body });
    rig.told.length = 0;
    const end = (user: User, tid = team) =>
      rig.send(user, deleteTeamConversation, { params: { tid, cid: made.id } });
    await assert.rejects(end(mate), refusal('action-denied'));
    await assert.rejects(end(alice, newTeam()), refusal('no-team-member'));
    await end(alice);
    assert.equal(rig.eventsOf(mate).at(-1), 'delete');
    assert.deepEqual(
      rig.told.map(({ input }) => input.action),
      [{ tag: 'ConversationDeleteTag', action: {} }],
    );
    await assert.rejects(end(alice), refusal('no-conversation'));
    assert.deepEqual(await rig.storage.reader.selectFrom('conversation_member').selectAll().execute(), []);
  });
});

describe('users who are deleted', () => {
  it('leave every conversation, and everybody is told', async () => {
    await using rig = await openRig();
    const group = await openGroup(rig);
    const { alice, anna, cnv } = group;
    const remote = newConversationId();
    await rig.storage.work(async (work) => {
      await rig.galley.oneToOne.setMembership(work, {
        ownUser: anna.id,
        remoteUser: userOf(c),
        actor: 'own',
        belongs: true,
        conversation: { domain: c, id: remote },
      });
    });
    await rig.storage.work((work) => rig.galley.userDeleted(work, anna.id));
    const [event] = rig.pushes;
    assert.ok(event !== undefined);
    assert.deepEqual((event.event as unknown as { data: { reason: string } }).data.reason, 'user-deleted');
    assert.deepEqual(
      rig.told.map(({ to, rpc }) => [to[0], rpc]),
      [
        [b, 'on-conversation-updated'],
        [c, 'on-user-deleted-conversations'],
      ],
    );
    assert.deepEqual(rig.told[0]?.input.action, {
      tag: 'ConversationLeaveTag',
      action: {},
    });
    assert.deepEqual(rig.told[1]?.input, { user: anna.id, conversations: [remote] });
    const view = (await rig.send(alice, getConversation, { params: { domain: a, cnv } })).body;
    assert.deepEqual(view.members.others.length, 1);
    await rig.storage.work((work) => rig.galley.userDeleted(work, anna.id));
    assert.equal(rig.told.length, 2, 'once');
  });
});

describe('members in memory', () => {
  it('are what the database says, whatever comes between', async () => {
    await using rig = await openRig();
    const { alice, anna, cnv } = await openGroup(rig);
    const inMemory = async () =>
      [...((await rig.galley.conversations.find(cnv))?.ownMembers.keys() ?? [])].toSorted();
    assert.deepEqual(await inMemory(), [alice.id, anna.id].toSorted());
    const extra = Array.from({ length: 8 }, () => rig.user());
    rig.connect(alice, ...extra);
    rig.script = willingRemotes;
    const looks = extra.map(async (user) => {
      await rig.send(alice, members.addMembers, {
        params: { domain: a, cnv },
        body: { qualified_users: [user] },
      });
      assert.ok((await inMemory()).includes(user.id), 'what is answered is seen');
    });
    await Promise.all(looks);
    const rows = await rig.storage.reader
      .selectFrom('conversation_member')
      .select('user_id')
      .where('user_domain', '=', a)
      .execute();
    assert.deepEqual(await inMemory(), rows.map(({ user_id }) => user_id).toSorted());
  });
});
