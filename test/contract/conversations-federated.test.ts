import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as members from '#contract/client/conversation-members.ts';
import * as properties from '#contract/client/conversation-properties.ts';
import { createConversation } from '#contract/client/conversations.ts';
import type { ConversationAction } from '#contract/federation/conversation-actions.ts';
import {
  type ConversationCreated,
  getConversations,
  leaveConversation,
  onClientRemoved,
  onConversationCreated,
  onConversationUpdated,
  onTypingIndicatorUpdated,
  onUserDeletedConversations,
  updateConversation,
  updateTypingIndicator,
} from '#contract/federation/galley.ts';
import type { ClientId, ConversationId } from '#contract/ids.ts';
import {
  a,
  b,
  c,
  newConversationId,
  openRig,
  type Rig,
  refusal,
  type User,
  userOf,
} from './conversations-rig.ts';

const time = '2024-05-08T10:00:00.123456Z';

/** A conversation of ours with a member here, one on b, and one on c. */
async function openOwn(rig: Rig, role = 'wire_member') {
  const [alice, bob, carol] = [rig.user(), userOf(b), userOf(c)];
  rig.connect(alice, bob, carol);
  const body = { qualified_users: [bob, carol], conversation_role: role };
  const { body: made } = await rig.send(alice, createConversation, { body });
  forget(rig);
  return { alice, bob, carol, cnv: made.id };
}

function forget(rig: Rig): void {
  rig.pushes.length = 0;
  rig.told.length = 0;
  rig.calls.length = 0;
}

function created(
  creator: User,
  cnv: ConversationId,
  others: readonly User[],
  more: Partial<ConversationCreated> = {},
) {
  return {
    time,
    orig_user_id: creator.id,
    cnv_id: cnv,
    cnv_type: 0 as const,
    cnv_access: ['invite' as const],
    cnv_access_roles: ['team_member' as const, 'non_team_member' as const],
    cnv_name: 'theirs',
    non_creator_members: others.map((user) => ({
      qualified_id: user,
      conversation_role: 'wire_member',
      status: 0,
    })),
    message_timer: null,
    receipt_mode: null,
    protocol: { protocol: 'proteus' as const },
    ...more,
  };
}

/** A conversation of b with these own users, who are connected with its creator. */
async function openTheirs(rig: Rig, users: readonly User[]) {
  const bob = userOf(b);
  rig.connect(bob, ...users);
  const cnv = newConversationId();
  await rig.receive(b, onConversationCreated, created(bob, cnv, users));
  forget(rig);
  return { bob, cnv };
}

function update(actor: User, cnv: ConversationId, present: readonly User[], action: ConversationAction) {
  return { time, origUserId: actor, convId: cnv, alreadyPresentUsers: present.map(({ id }) => id), action };
}

async function membersOf(rig: Rig, domain: typeof a, id: ConversationId): Promise<readonly string[]> {
  return [...(await rig.galley.conversations.findRemoteMembers({ domain, id })).keys()];
}

describe('on-conversation-created', () => {
  it('adds those own users who are connected with the creator, and shows them the conversation', async () => {
    await using rig = await openRig();
    const [alice, blocked, bob, bill, carol] = [rig.user(), rig.user(), userOf(b), userOf(b), userOf(c)];
    rig.connect(bob, alice);
    const cnv = newConversationId();
    const told = created(bob, cnv, [alice, blocked, bill, carol], { receipt_mode: 42 });
    assert.deepEqual((await rig.receive(b, onConversationCreated, told)).body, {});
    assert.deepEqual(await membersOf(rig, b, cnv), [alice.id]);
    assert.deepEqual([rig.eventsOf(alice), rig.eventsOf(blocked)], [['create'], []]);
    const event = rig.pushes[0]?.event as never as Record<string, unknown>;
    assert.deepEqual([event.qualified_conversation, event.qualified_from], [{ domain: b, id: cnv }, bob]);
    assert.equal(event.time, '2024-05-08T10:00:00.123Z');
    const data = event.data as {
      members: { self: { conversation_role: string }; others: { qualified_id: User }[] };
    };
    assert.equal(data.members.self.conversation_role, 'wire_member');
    assert.deepEqual(
      data.members.others.map(({ qualified_id }) => qualified_id),
      [bob, bill, carol],
    );
  });

  it('changes nothing when it comes again, or names a time that is on no calendar', async () => {
    await using rig = await openRig();
    const alice = rig.user();
    const { bob, cnv } = await openTheirs(rig, [alice]);
    await rig.receive(b, onConversationCreated, created(bob, cnv, [alice]));
    assert.deepEqual(rig.pushes, []);
    const wrong = created(bob, newConversationId(), [alice], { time: '2024-13-41T10:00:00Z' });
    assert.equal((await rig.receive(b, onConversationCreated, wrong)).status, 400);
  });
});

describe('on-conversation-updated', () => {
  const properties: readonly (readonly [string, ConversationAction])[] = [
    ['rename', { tag: 'ConversationRenameTag', action: { name: 'new' } }],
    ['message-timer-update', { tag: 'ConversationMessageTimerUpdateTag', action: { message_timer: 7 } }],
    ['receipt-mode-update', { tag: 'ConversationReceiptModeUpdateTag', action: { receipt_mode: 1 } }],
    [
      'access-update',
      { tag: 'ConversationAccessDataTag', action: { access: ['code'], access_role: ['guest'] } },
    ],
    ['protocol-update', { tag: 'ConversationUpdateProtocolTag', action: 'mixed' }],
    ['member-leave', { tag: 'ConversationLeaveTag', action: {} }],
    [
      'member-update',
      {
        tag: 'ConversationMemberUpdateTag',
        action: { target: userOf(c), update: { conversation_role: 'wire_admin' } },
      },
    ],
    ['member-join', { tag: 'ConversationJoinTag', action: { users: [userOf(c)], role: 'wire_admin' } }],
  ];
  for (const [event, action] of properties) {
    it(`of ${action.tag} in both versions is seen by present members only`, async () => {
      await using rig = await openRig();
      const [alice, stranger] = [rig.user(), rig.user()];
      const { bob, cnv } = await openTheirs(rig, [alice]);
      const input = update(bob, cnv, [alice, stranger], action);
      await rig.receive(b, onConversationUpdated, input);
      const older = onConversationUpdated.older?.write(input);
      await rig.receive(b, onConversationUpdated, older as never, { version: 0 });
      assert.deepEqual([rig.eventsOf(alice), rig.eventsOf(stranger)], [[event, event], []]);
      assert.deepEqual(await membersOf(rig, b, cnv), [alice.id]);
    });
  }

  it('adds only own users who are connected with the actor, in conversations never heard of too', async () => {
    await using rig = await openRig();
    const [alice, unwilling, bob, carol] = [rig.user(), rig.user(), userOf(b), userOf(c)];
    rig.connect(bob, alice);
    const cnv = newConversationId();
    const join = (users: readonly User[]) =>
      update(bob, cnv, [], { tag: 'ConversationJoinTag', action: { users: [...users], role: 'wire_admin' } });
    await rig.receive(b, onConversationUpdated, join([unwilling]));
    assert.equal(rig.pushes.length, 0);
    await rig.receive(b, onConversationUpdated, join([alice, unwilling, carol]));
    assert.deepEqual(await membersOf(rig, b, cnv), [alice.id]);
    const event = rig.pushes[0]?.event as never as { data: { user_ids: string[] } };
    assert.deepEqual(event.data.user_ids, [alice.id, carol.id]);
    assert.deepEqual([rig.eventsOf(alice), rig.eventsOf(unwilling)], [['member-join'], []]);
  });

  it('takes own users out and lets them see it', async () => {
    await using rig = await openRig();
    const [alice, anna] = [rig.user(), rig.user()];
    const { bob, cnv } = await openTheirs(rig, [alice, anna]);
    const action = {
      tag: 'ConversationRemoveMembersTag',
      action: { targets: [anna], reason: 'removed' },
    } as const;
    const input = update(bob, cnv, [alice, anna], action as never);
    await rig.receive(b, onConversationUpdated, input);
    assert.deepEqual([rig.eventsOf(alice), rig.eventsOf(anna)], [['member-leave'], ['member-leave']]);
    assert.deepEqual(await membersOf(rig, b, cnv), [alice.id]);
    await rig.receive(
      b,
      onConversationUpdated,
      update(bob, cnv, [alice], { tag: 'ConversationDeleteTag', action: {} }),
    );
    assert.deepEqual(
      [rig.eventsOf(alice), rig.eventsOf(anna)],
      [['member-leave', 'delete'], ['member-leave']],
    );
    assert.deepEqual(await membersOf(rig, b, cnv), []);
  });

  it('is nothing to a conversation of the same id that another backend owns', async () => {
    await using rig = await openRig();
    const alice = rig.user();
    const { bob, cnv } = await openTheirs(rig, [alice]);
    const wrong = update(bob, cnv, [alice], { tag: 'ConversationDeleteTag', action: {} });
    await rig.receive(c, onConversationUpdated, wrong);
    assert.deepEqual(rig.pushes, []);
    assert.deepEqual(await membersOf(rig, b, cnv), [alice.id]);
  });

  it('refuses actions of another form', async () => {
    await using rig = await openRig();
    const { bob, cnv } = await openTheirs(rig, [rig.user()]);
    for (const action of [
      { tag: 'ConversationJoinTag', action: { users: [], role: 'wire_admin' } },
      { tag: 'ConversationRenameTag', action: { name: '' } },
      { tag: 'ConversationRenameTag', contents: { name: 'x' } },
      { tag: 'NoSuchTag', action: {} },
      { tag: 'ConversationLeaveTag' },
    ]) {
      const { status } = await rig.receive(b, onConversationUpdated, update(bob, cnv, [], action as never));
      assert.equal(status, 400, JSON.stringify(action));
    }
  });
});

describe('repeated notifications (R18)', () => {
  const times = [1, 2, 3, 4, 5];
  for (const count of times) {
    it(`that come ${count} times are taken once, and those behind them in their order`, async () => {
      await using rig = await openRig();
      const [alice, anna] = [rig.user(), rig.user()];
      const { bob, cnv } = await openTheirs(rig, [alice]);
      rig.connect(bob, anna);
      const actions: readonly ConversationAction[] = [
        { tag: 'ConversationJoinTag', action: { users: [anna], role: 'wire_member' } },
        { tag: 'ConversationRenameTag', action: { name: 'new' } },
        { tag: 'ConversationRemoveMembersTag', action: { targets: [anna], reason: 'removed' } },
      ];
      for (const [n, action] of actions.entries()) {
        const input = update(bob, cnv, [alice, anna], action);
        const deliveries = Array.from({ length: count }, () =>
          rig.receive(b, onConversationUpdated, input, { deliveryId: `delivery-${n}` }),
        );
        for (const { status } of await Promise.all(deliveries)) assert.equal(status, 200);
      }
      // Repeats of the first arrive once more after the last: as when an answer was lost.
      for (const [n, action] of actions.entries())
        await rig.receive(b, onConversationUpdated, update(bob, cnv, [alice], action), {
          deliveryId: `delivery-${n}`,
        });
      assert.deepEqual(rig.eventsOf(alice), ['member-join', 'rename', 'member-leave']);
      assert.deepEqual(rig.eventsOf(anna), ['member-join', 'rename', 'member-leave']);
      assert.deepEqual(await membersOf(rig, b, cnv), [alice.id]);
    });
  }

  it('of deleted users and removed clients too', async () => {
    await using rig = await openRig();
    const { alice, bob, cnv } = await openOwn(rig);
    for (let n = 0; n < 5; n += 1) {
      const gone = { user: bob.id, conversations: [cnv] };
      await rig.receive(b, onUserDeletedConversations, gone, { deliveryId: 'gone' });
      const client = { user: bob.id, client: '1' as ClientId, convs: [cnv] };
      assert.deepEqual((await rig.receive(b, onClientRemoved, client, { deliveryId: 'client' })).body, {});
    }
    assert.deepEqual(rig.eventsOf(alice), ['member-leave']);
    assert.deepEqual(
      rig.told.map(({ to }) => to[0]),
      [c],
    );
  });
});

describe('asking the owner', () => {
  it('get-conversations shows conversations to their members, as these see them', async () => {
    await using rig = await openRig();
    const { alice, bob, carol, cnv } = await openOwn(rig);
    const { body } = await rig.receive(b, getConversations, {
      user_id: bob.id,
      conv_ids: [cnv, newConversationId(), cnv],
    });
    assert.equal(body.convs.length, 1);
    const [told] = body.convs;
    assert.equal(told?.members.self_role, 'wire_member');
    assert.deepEqual(
      told?.members.others.map(({ qualified_id }) => qualified_id),
      [alice, carol],
    );
    assert.deepEqual(told?.metadata.creator, alice.id);
  });

  it('leave-conversation takes the leaver out and tells everybody, its own backend too', async () => {
    await using rig = await openRig();
    const { alice, bob, cnv } = await openOwn(rig);
    const leave = () => rig.receive(b, leaveConversation, { conv_id: cnv, leaver: bob.id });
    assert.deepEqual((await leave()).body, { Right: [] });
    assert.deepEqual(rig.eventsOf(alice), ['member-leave']);
    assert.deepEqual(rig.told.map(({ to, input }) => [to[0], input.action]).toSorted(), [
      [b, { tag: 'ConversationLeaveTag', action: {} }],
      [c, { tag: 'ConversationLeaveTag', action: {} }],
    ]);
    assert.deepEqual((await leave()).body, { Left: 'RemoveFromConversationErrorNotFound' });
  });

  it('leave-conversation is refused to roles that may not leave, and in conversations of two', async () => {
    await using rig = await openRig();
    const { bob, cnv } = await openOwn(rig, 'no_rights');
    const refused = { Left: 'RemoveFromConversationErrorRemovalNotAllowed' };
    assert.deepEqual(
      (await rig.receive(b, leaveConversation, { conv_id: cnv, leaver: bob.id })).body,
      refused,
    );
    const pair = newConversationId();
    await rig.storage.work((work) =>
      rig.galley.oneToOne.setMembership(work, {
        ownUser: rig.user().id,
        remoteUser: bob,
        actor: 'remote',
        belongs: true,
        conversation: { domain: a, id: pair },
      }),
    );
    assert.deepEqual(
      (await rig.receive(b, leaveConversation, { conv_id: pair, leaver: bob.id })).body,
      refused,
    );
  });

  it('update-conversation changes it for whom the role allows, and answers what its backend is to tell', async () => {
    await using rig = await openRig();
    const { alice, bob, cnv } = await openOwn(rig, 'wire_admin');
    const ask = (action: ConversationAction) =>
      rig.receive(b, updateConversation, { user: bob.id, conv_id: cnv, action });
    const action = { tag: 'ConversationReceiptModeUpdateTag', action: { receipt_mode: 1 } } as const;
    const { body } = await ask(action);
    assert.ok(body.tag === 'ConversationUpdateResponseUpdate');
    assert.deepEqual(
      [
        body.contents.origUserId,
        body.contents.convId,
        body.contents.alreadyPresentUsers,
        body.contents.action,
      ],
      [bob, cnv, [bob.id], action],
    );
    assert.deepEqual(rig.eventsOf(alice), ['receipt-mode-update']);
    assert.deepEqual(
      rig.told.map(({ to }) => to[0]),
      [c],
      'not the caller',
    );
    assert.deepEqual((await ask(action)).body, { tag: 'ConversationUpdateResponseNoChanges' });
    const rename = await ask({ tag: 'ConversationRenameTag', action: { name: 'by Bob' } });
    assert.equal(rename.body.tag, 'ConversationUpdateResponseUpdate');
    const join = await ask({
      tag: 'ConversationJoinTag',
      action: { users: [userOf(b)], role: 'wire_member' },
    });
    assert.deepEqual([join.status, join.body.label], [500, 'federation-not-implemented']);
    assert.equal((await ask({ tag: 'ConversationDeleteTag', action: {} })).status, 500);
  });

  it('update-conversation names what the role lacks', async () => {
    await using rig = await openRig();
    const { bob, alice, cnv } = await openOwn(rig);
    const actions: readonly (readonly [ConversationAction, string])[] = [
      [
        { tag: 'ConversationReceiptModeUpdateTag', action: { receipt_mode: 1 } },
        'modify_conversation_receipt_mode',
      ],
      [
        { tag: 'ConversationMessageTimerUpdateTag', action: { message_timer: 1 } },
        'modify_conversation_message_timer',
      ],
      [{ tag: 'ConversationRenameTag', action: { name: 'x' } }, 'modify_conversation_name'],
      [
        { tag: 'ConversationAccessDataTag', action: { access: [], access_role: [] } },
        'modify_conversation_access',
      ],
      [
        { tag: 'ConversationRemoveMembersTag', action: { targets: [alice], reason: 'removed' } },
        'remove_conversation_member',
      ],
      [
        {
          tag: 'ConversationMemberUpdateTag',
          action: { target: bob, update: { conversation_role: 'wire_admin' } },
        },
        'modify_other_conversation_member',
      ],
      [
        { tag: 'ConversationJoinTag', action: { users: [userOf(b)], role: 'wire_member' } },
        'add_conversation_member',
      ],
    ];
    for (const [action, contents] of actions) {
      const { body } = await rig.receive(b, updateConversation, { user: bob.id, conv_id: cnv, action });
      assert.deepEqual(body, {
        tag: 'ConversationUpdateResponseError',
        contents: { tag: 'ActionDenied', contents },
      });
    }
    assert.deepEqual([rig.pushes, rig.told], [[], []]);
  });

  it('update-typing-indicator is seen by all but the caller, which gets whom to tell', async () => {
    await using rig = await openRig();
    const { alice, bob, carol, cnv } = await openOwn(rig);
    const input = { typing_status: { status: 'started' as const }, user_id: bob.id, conv_id: cnv };
    const { body } = await rig.receive(b, updateTypingIndicator, input);
    assert.ok(body.tag === 'TypingDataUpdateSuccess');
    assert.deepEqual([body.contents.users_in_conv, body.contents.orig_user_id], [[bob.id], bob]);
    assert.deepEqual(rig.eventsOf(alice), ['typing']);
    assert.deepEqual(
      rig.calls.map(({ domain, input: sent }) => [domain, sent.users_in_conv]),
      [[c, [carol.id]]],
    );
  });
});

/**
 * Each RPC with five wrong callers: a user who is not a member, one of another backend, a conversation that the caller
 * does not own or that is not here, a member that was removed, and a peer whom the own user has blocked.
 */
describe('wrong callers (R5)', () => {
  type Wrong = 'not a member' | 'another backend' | 'wrong owner' | 'removed member';
  const wrongs: readonly Wrong[] = ['not a member', 'another backend', 'wrong owner', 'removed member'];

  async function asker(rig: Rig, wrong: Wrong) {
    const { bob, cnv } = await openOwn(rig, 'wire_admin');
    if (wrong === 'removed member') {
      await rig.receive(b, leaveConversation, { conv_id: cnv, leaver: bob.id });
      forget(rig);
    }
    return {
      origin: wrong === 'another backend' ? c : b,
      user: wrong === 'not a member' ? userOf(b).id : bob.id,
      cnv: wrong === 'wrong owner' ? newConversationId() : cnv,
    };
  }

  for (const wrong of wrongs) {
    it(`${wrong}: every question to the owner finds nothing and changes nothing`, async () => {
      await using rig = await openRig();
      const { origin, user, cnv } = await asker(rig, wrong);
      const shown = await rig.receive(origin, getConversations, { user_id: user, conv_ids: [cnv] });
      assert.deepEqual(shown.body, { convs: [] });
      const left = await rig.receive(origin, leaveConversation, { conv_id: cnv, leaver: user });
      assert.deepEqual(left.body, { Left: 'RemoveFromConversationErrorNotFound' });
      const action = { tag: 'ConversationReceiptModeUpdateTag', action: { receipt_mode: 9 } } as const;
      const changed = await rig.receive(origin, updateConversation, { user, conv_id: cnv, action });
      assert.deepEqual(changed.body, {
        tag: 'ConversationUpdateResponseError',
        contents: { tag: 'ConvNotFound' },
      });
      const typing = { typing_status: { status: 'started' as const }, user_id: user, conv_id: cnv };
      const typed = await rig.receive(origin, updateTypingIndicator, typing);
      assert.deepEqual(typed.body, { tag: 'TypingDataUpdateError', contents: { tag: 'ConvNotFound' } });
      await rig.receive(origin, onUserDeletedConversations, { user, conversations: [cnv] });
      await rig.receive(origin, onClientRemoved, { user, client: '1' as ClientId, convs: [cnv] });
      assert.deepEqual([rig.pushes, rig.told, rig.calls], [[], [], []]);
    });
  }

  it('says of own users that they are nobody of the caller’s', async () => {
    await using rig = await openRig();
    const { alice, cnv } = await openOwn(rig);
    const shown = await rig.receive(b, getConversations, { user_id: alice.id, conv_ids: [cnv] });
    assert.deepEqual(shown.body, { convs: [] });
    const left = await rig.receive(b, leaveConversation, { conv_id: cnv, leaver: alice.id });
    assert.deepEqual(left.body, { Left: 'RemoveFromConversationErrorNotFound' });
    await rig.receive(b, onUserDeletedConversations, { user: alice.id, conversations: [cnv] });
    assert.deepEqual(rig.pushes, []);
  });

  for (const wrong of [
    'not a member',
    'another backend',
    'wrong owner',
    'removed member',
    'blocked peer',
  ] as const) {
    it(`${wrong}: what an owner tells shows nothing to who is not concerned`, async () => {
      await using rig = await openRig();
      const [alice, outsider] = [rig.user(), rig.user()];
      const { bob, cnv } = await openTheirs(rig, [alice]);
      const action = {
        tag: 'ConversationRemoveMembersTag',
        action: { targets: [alice], reason: 'removed' },
      } as const;
      if (wrong === 'removed member') {
        await rig.receive(b, onConversationUpdated, update(bob, cnv, [], action as never));
        forget(rig);
      }
      if (wrong === 'blocked peer') rig.disconnect(bob, alice);
      const origin = wrong === 'another backend' ? c : b;
      const concerned = wrong === 'not a member' ? outsider : alice;
      const id = wrong === 'wrong owner' || wrong === 'blocked peer' ? newConversationId() : cnv;
      const rename = { tag: 'ConversationRenameTag', action: { name: 'x' } } as const;
      await rig.receive(origin, onConversationUpdated, update(bob, id, [concerned], rename));
      const typing = { time, orig_user_id: bob, conv_id: id, users_in_conv: [concerned.id] };
      await rig.receive(origin, onTypingIndicatorUpdated, {
        ...typing,
        typing_status: { status: 'started' },
      });
      if (wrong === 'blocked peer') {
        await rig.receive(b, onConversationCreated, created(bob, id, [alice]));
        const join = { tag: 'ConversationJoinTag', action: { users: [alice], role: 'wire_admin' } } as const;
        await rig.receive(b, onConversationUpdated, update(bob, id, [alice], join as never));
      }
      assert.deepEqual(rig.pushes, []);
      assert.deepEqual(
        await membersOf(rig, origin, id),
        id === cnv && wrong !== 'removed member' && origin === b ? [alice.id] : [],
      );
    });
  }
});

describe('own users in conversations of other backends', () => {
  it('leave by the owner’s leave, and everybody here sees it once', async () => {
    await using rig = await openRig();
    const [alice, anna] = [rig.user(), rig.user()];
    const { cnv } = await openTheirs(rig, [alice, anna]);
    rig.script = () => ({ Right: [] });
    const params = { domain: b, cnv, userDomain: a, usr: alice.id };
    const left = await rig.send(alice, members.removeMember, { params });
    assert.ok(left.status === 200 && left.body.type === 'conversation.member-leave');
    assert.equal(left.body.data.reason, 'removed');
    assert.deepEqual(await membersOf(rig, b, cnv), [anna.id]);
    const queued = update(alice, cnv, [alice, anna], { tag: 'ConversationLeaveTag', action: {} });
    await rig.receive(b, onConversationUpdated, queued, { deliveryId: 'leave' });
    assert.deepEqual([rig.eventsOf(alice), rig.eventsOf(anna)], [['member-leave'], ['member-leave']]);
  });

  it('who come in again while their leave is answered stay in', async () => {
    await using rig = await openRig();
    const alice = rig.user();
    const { bob, cnv } = await openTheirs(rig, [alice]);
    rig.script = async () => {
      await rig.receive(
        b,
        onConversationUpdated,
        update(alice, cnv, [alice], { tag: 'ConversationLeaveTag', action: {} }),
      );
      const join = { tag: 'ConversationJoinTag', action: { users: [alice], role: 'wire_member' } } as const;
      await rig.receive(b, onConversationUpdated, update(bob, cnv, [], join as never));
      return { Right: [] };
    };
    await rig.send(alice, members.removeMember, { params: { domain: b, cnv, userDomain: a, usr: alice.id } });
    assert.deepEqual(rig.eventsOf(alice), ['member-leave', 'member-join']);
    assert.deepEqual(await membersOf(rig, b, cnv), [alice.id]);
  });

  it('stay in when the owner refuses or is away, and may not take others out', async () => {
    await using rig = await openRig();
    const alice = rig.user();
    const { bob, cnv } = await openTheirs(rig, [alice]);
    const remove = (target: User) =>
      rig.send(alice, members.removeMember, {
        params: { domain: b, cnv, userDomain: target.domain, usr: target.id },
      });
    rig.script = () => ({ Left: 'RemoveFromConversationErrorNotFound' });
    await assert.rejects(remove(alice), refusal('no-conversation'));
    rig.script = () => ({ Left: 'RemoveFromConversationErrorRemovalNotAllowed' });
    await assert.rejects(remove(alice), refusal('action-denied'));
    rig.script = () => ({ Left: 'RemoveFromConversationErrorUnchanged' });
    assert.equal((await remove(alice)).status, 204);
    rig.script = () => Promise.reject(new Error('away'));
    await assert.rejects(remove(alice), /away/);
    rig.calls.length = 0;
    await assert.rejects(remove(bob), refusal('action-denied'));
    assert.deepEqual(rig.calls, []);
    assert.deepEqual(await membersOf(rig, b, cnv), [alice.id]);
  });

  it('change what the owner lets them change, and see its errors as their own', async () => {
    await using rig = await openRig();
    const [alice, anna] = [rig.user(), rig.user()];
    const { cnv } = await openTheirs(rig, [alice, anna]);
    const set = () =>
      rig.send(alice, properties.setReceiptMode, { params: { domain: b, cnv }, body: { receipt_mode: 3 } });
    const action = { tag: 'ConversationReceiptModeUpdateTag', action: { receipt_mode: 3 } } as const;
    rig.script = () => ({
      tag: 'ConversationUpdateResponseUpdate',
      contents: update(alice, cnv, [alice, anna], action),
    });
    const changed = await set();
    assert.ok(changed.status === 200 && changed.body.type === 'conversation.receipt-mode-update');
    assert.deepEqual(
      [rig.eventsOf(alice), rig.eventsOf(anna)],
      [['receipt-mode-update'], ['receipt-mode-update']],
    );
    assert.deepEqual(rig.pushes[0]?.origin, { user: alice.id, connectionId: '1' });
    rig.script = () => ({ tag: 'ConversationUpdateResponseNoChanges' });
    assert.equal((await set()).status, 204);
    const error = { tag: 'ActionDenied', contents: 'modify_conversation_receipt_mode' };
    rig.script = () => ({ tag: 'ConversationUpdateResponseError', contents: error });
    await assert.rejects(set(), refusal('action-denied'));
    rig.script = () => ({ tag: 'ConversationUpdateResponseError', contents: { tag: 'NoSuchError' } });
    await assert.rejects(set(), refusal('internal-error'));
    rig.script = () => ({
      tag: 'ConversationUpdateResponseUpdate',
      contents: update(userOf(b), cnv, [alice], action),
    });
    await assert.rejects(set(), refusal('federation-unexpected-body'));
  });

  it('type in them, if they are members', async () => {
    await using rig = await openRig();
    const [alice, anna] = [rig.user(), rig.user()];
    const { cnv } = await openTheirs(rig, [alice, anna]);
    const contents = {
      time,
      orig_user_id: userOf(c),
      conv_id: newConversationId(),
      users_in_conv: [alice.id, anna.id, rig.user().id],
      typing_status: { status: 'stopped' },
    };
    rig.script = () => ({ tag: 'TypingDataUpdateSuccess', contents });
    const type = (user: User) =>
      rig.send(user, members.typeIn, { params: { domain: b, cnv }, body: { status: 'started' } });
    await type(alice);
    const event = rig.pushes[0]?.event as never as Record<string, unknown>;
    assert.deepEqual(
      [event.qualified_from, event.data],
      [alice, { status: 'started' }],
      'what was asked for',
    );
    assert.deepEqual(rig.pushes[0]?.recipients, [{ user: alice.id }, { user: anna.id }]);
    await assert.rejects(type(rig.user()), refusal('no-conversation'));
    rig.script = () => ({ tag: 'TypingDataUpdateError', contents: { tag: 'ConvNotFound' } });
    await type(alice);
  });
});
