import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCode } from '#contract/client/conversation-codes.ts';
import {
  createConversation,
  createConversationV2,
  createConversationV3,
  createOneToOne,
  createSelfConversation,
  getConversation,
  listConversationIds,
  listConversations,
} from '#contract/client/conversations.ts';
import type { UserId } from '#contract/ids.ts';
import { localOneToOneConversation, oneToOneConversation } from '#contract/one-to-one.ts';
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

async function group(rig: Rig, creator: User, others: readonly User[], more: object = {}) {
  rig.connect(creator, ...others);
  const body = { qualified_users: [...others], name: 'gossip', ...more };
  const made = await rig.send(creator, createConversation, { body });
  return made.body;
}

describe('making a group', () => {
  it('stores it and tells every own member, each with its own view', async () => {
    await using rig = await openRig();
    const [alice, anna] = [rig.user(), rig.user()];
    const made = await group(rig, alice, [anna], { receipt_mode: 1, message_timer: 1000 });
    assert.deepEqual(made.failed_to_add, []);
    assert.deepEqual(made.access_role, ['team_member', 'non_team_member', 'service']);
    assert.deepEqual([made.access, made.type, made.creator], [['invite'], 0, alice.id]);
    assert.deepEqual([made.receipt_mode, made.message_timer, made.team], [1, 1000, null]);
    assert.deepEqual(made.members.self.qualified_id, alice);
    assert.deepEqual(rig.eventsOf(anna), ['create']);
    const [toAnna] = rig.pushes.filter(({ recipients }) => recipients[0]?.user === anna.id);
    assert.ok(toAnna !== undefined);
    const { data } = toAnna.event as unknown as {
      data: { members: { self: { id: UserId } }; access_role: string };
    };
    assert.equal(data.members.self.id, anna.id);
    assert.equal(data.access_role, 'activated', 'events have the old form in every version');
    const [toAlice] = rig.pushes.filter(({ recipients }) => recipients[0]?.user === alice.id);
    assert.deepEqual(toAlice?.origin, { user: alice.id, connectionId: '1' });
  });

  it('answers each version in its own form', async () => {
    await using rig = await openRig();
    const alice = rig.user();
    const old = await rig.send(alice, createConversationV2, { body: { access_role: 'non_activated' } });
    assert.equal(old.status, 201);
    assert.equal(old.body.access_role, 'non_activated');
    assert.deepEqual(old.body.access_role_v2, ['team_member', 'non_team_member', 'guest', 'service']);
    const plain = await rig.send(alice, createConversationV3, {
      body: { access_role: ['guest', 'team_member'] },
    });
    assert.equal('failed_to_add' in plain.body, false);
    assert.deepEqual(plain.body.access_role, ['team_member', 'guest']);
  });

  it('takes the creator and doubles once, and lists of old and new form together', async () => {
    await using rig = await openRig();
    const [alice, anna] = [rig.user(), rig.user()];
    rig.connect(alice, anna);
    const body = { users: [anna.id, alice.id], qualified_users: [anna, alice] };
    const made = await rig.send(alice, createConversation, { body });
    assert.equal(made.body.members.others.length, 1);
  });

  const refused: readonly (readonly [string, string, (rig: Rig) => readonly [User, object]])[] = [
    [
      'users who are not connected',
      'not-connected',
      (rig) => [rig.user(), { qualified_users: [rig.user()] }],
    ],
    ['users who do not exist', 'not-connected', (rig) => [rig.user(), { qualified_users: [userOf(a)] }]],
    [
      'remote users who are not connected',
      'not-connected',
      (rig) => [rig.user(), { qualified_users: [userOf(b)] }],
    ],
    ['a creator who is only a guest', 'operation-denied', (rig) => [rig.user({ isActivated: false }), {}]],
    [
      'a team that the creator is not in',
      'no-team-member',
      (rig) => [rig.user(), { team: { teamid: newTeam() } }],
    ],
    [
      'MLS and users',
      'non-empty-member-list',
      (rig) => [rig.user(), { protocol: 'mls', qualified_users: [rig.user()] }],
    ],
    ['MLS where there is none', 'mls-not-enabled', (rig) => [rig.user(), { protocol: 'mls' }]],
  ];
  for (const [what, key, make] of refused) {
    it(`is refused with ${what}, and stores nothing`, async () => {
      await using rig = await openRig();
      const [creator, body] = make(rig);
      await assert.rejects(rig.send(creator, createConversation, { body }), refusal(key));
      assert.deepEqual(await rig.storage.reader.selectFrom('conversation').selectAll().execute(), []);
      assert.deepEqual([rig.pushes, rig.told], [[], []]);
    });
  }

  it('lets team mates in without connection, and others only as the roles say', async () => {
    await using rig = await openRig();
    const team = newTeam();
    const [alice, mate, stranger] = [rig.user({ team }), rig.user({ team }), rig.user()];
    const of = (users: readonly User[], access_role?: readonly string[]) =>
      rig.send(alice, createConversation, {
        body: {
          qualified_users: [...users],
          team: { teamid: team },
          ...(access_role && { access_role }),
        } as never,
      });
    assert.equal((await of([mate])).body.team, team);
    await assert.rejects(of([stranger]), refusal('not-connected'));
    rig.connect(alice, stranger);
    await of([stranger]);
    await assert.rejects(of([stranger], ['team_member']), refusal('no-team-member'));
    await assert.rejects(of([stranger], []), refusal('access-denied'));
  });

  it('takes what the team permits its creator, partners only one other', async () => {
    await using rig = await openRig();
    const team = newTeam();
    const [partner, member] = [rig.user({ team, role: 'partner' }), rig.user({ team, role: 'member' })];
    const [one, other] = [rig.user({ team }), rig.user({ team })];
    const of = (creator: User, users: readonly User[], more: object = {}) =>
      rig.send(creator, createConversation, {
        body: { qualified_users: [...users], team: { teamid: team }, ...more },
      });
    await of(partner, [one]);
    await of(member, [one, other]);
    await assert.rejects(of(partner, [one, other]), refusal('operation-denied'));
    await assert.rejects(of(partner, [], { protocol: 'mls' }), refusal('operation-denied'));
    rig.connect(partner, one);
    rig.connect(member, one);
    await assert.rejects(of(partner, [one], { team: null }), refusal('operation-denied'));
    await of(member, [one], { team: null });
  });

  it('is refused when it is too large', async () => {
    await using rig = await openRig({ maxConversationSize: 3 });
    const [alice, ...others] = [rig.user(), rig.user(), rig.user(), rig.user()];
    assert.ok(alice !== undefined);
    await assert.rejects(group(rig, alice, others), refusal('client-error:too-many-members'));
    await group(rig, alice, others.slice(1));
  });
});

describe('making a group with users of other backends', () => {
  it('asks whether all federate, tells each of its own and ours, then of the others', async () => {
    await using rig = await openRig();
    const [alice, anna, bob, carol] = [rig.user(), rig.user(), userOf(b), userOf(c)];
    const made = await group(rig, alice, [anna, bob, carol], { conversation_role: 'wire_member' });
    const asked = rig.calls.map((call) => `${call.domain} ${call.rpc}`);
    assert.deepEqual(asked.toSorted(), [
      `${b} api-version`,
      `${b} get-not-fully-connected-backends`,
      `${b} on-conversation-created`,
      `${c} api-version`,
      `${c} get-not-fully-connected-backends`,
      `${c} on-conversation-created`,
    ]);
    const graph = rig.calls.find(
      (call) => call.rpc === 'get-not-fully-connected-backends' && call.domain === b,
    );
    assert.deepEqual(graph?.input, { domains: [c] });
    const toB = rig.calls.find((call) => call.rpc === 'on-conversation-created' && call.domain === b);
    assert.ok(toB !== undefined);
    const { non_creator_members, cnv_id } = toB.input as {
      non_creator_members: { id: string }[];
      cnv_id: string;
    };
    assert.equal(cnv_id, made.id);
    assert.deepEqual(non_creator_members.map(({ id }) => id).toSorted(), [anna.id, bob.id].toSorted());
    assert.deepEqual(
      rig.told.map(({ to, lane }) => [to, lane]),
      [
        [[b], `conv:${made.id}@${a}`],
        [[c], `conv:${made.id}@${a}`],
      ],
    );
    const introduced = rig.told.find(({ to }) => to[0] === b)?.input as {
      action: { action: object };
      alreadyPresentUsers: string[];
    };
    assert.deepEqual(introduced.action.action, { users: [carol], role: 'wire_member' });
    assert.deepEqual(introduced.alreadyPresentUsers, [bob.id]);
  });

  it('names a pair of backends that do not federate, with 409', async () => {
    await using rig = await openRig();
    rig.script = (call) =>
      call.rpc === 'get-not-fully-connected-backends' && call.domain === b
        ? { non_connected_backends: [c] }
        : willingRemotes(call);
    const failure = await group(rig, rig.user(), [userOf(b), userOf(c)]).catch((error: unknown) => error);
    assert.ok(failure instanceof Refusal);
    assert.deepEqual([failure.status, failure.body()], [409, { non_federating_backends: [b, c] }]);
  });

  for (const broken of ['get-not-fully-connected-backends', 'api-version', 'on-conversation-created']) {
    it(`names the backends that cannot be reached, with 533, when ${broken} fails, and leaves nothing`, async () => {
      await using rig = await openRig();
      rig.script = (call) => {
        if (call.rpc === broken && call.domain === c) throw new Error('down');
        return willingRemotes(call);
      };
      const failure = await group(rig, rig.user(), [userOf(b), userOf(c)]).catch((error: unknown) => error);
      assert.ok(failure instanceof Refusal);
      assert.deepEqual([failure.status, failure.body()], [533, { unreachable_backends: [c] }]);
      assert.deepEqual(await rig.storage.reader.selectFrom('conversation').selectAll().execute(), []);
      assert.deepEqual(await rig.storage.reader.selectFrom('conversation_member').selectAll().execute(), []);
      assert.deepEqual(rig.pushes, []);
      const wereTold = broken === 'on-conversation-created';
      assert.deepEqual(
        rig.told.map(({ to, input }) => [to[0], (input.action as { tag: string }).tag]),
        wereTold ? [b, c].map((domain) => [domain, 'ConversationDeleteTag']) : [],
        'who may know of it is told that it is gone',
      );
    });
  }

  it('before version 4 does not ask whether they federate, and has a label for the unreachable', async () => {
    await using rig = await openRig();
    const [alice, bob] = [rig.user(), userOf(b)];
    rig.connect(alice, bob);
    const body = { qualified_users: [bob] };
    await rig.send(alice, createConversationV3, { body });
    assert.ok(rig.calls.every(({ rpc }) => rpc !== 'get-not-fully-connected-backends'));
    rig.script = () => {
      throw new Error('down');
    };
    await assert.rejects(
      rig.send(alice, createConversationV3, { body }),
      refusal('federation-connection-refused:backends'),
    );
  });
});

describe('conversations of one and two', () => {
  it('has one conversation of a user with itself', async () => {
    await using rig = await openRig();
    const alice = rig.user();
    const first = await rig.send(alice, createSelfConversation);
    const again = await rig.send(alice, createSelfConversation);
    assert.deepEqual([first.status, again.status], [201, 200]);
    assert.deepEqual([first.body.id, first.body.type, first.body.access], [alice.id, 1, ['private']]);
    assert.deepEqual(again.body, first.body);
  });

  it('makes a one-to-one with a connected user once', async () => {
    await using rig = await openRig();
    const [alice, anna] = [rig.user(), rig.user()];
    const body = { qualified_users: [anna] };
    await assert.rejects(rig.send(alice, createOneToOne, { body }), refusal('not-connected'));
    rig.connect(alice, anna);
    const made = await rig.send(alice, createOneToOne, { body });
    assert.deepEqual([made.status, made.body.type], [201, 2]);
    assert.equal(made.body.id, localOneToOneConversation(a, alice.id, anna.id).id);
    assert.equal((await rig.send(anna, createOneToOne, { body: { qualified_users: [alice] } })).status, 200);
    assert.equal(rig.pushes[0]?.route, 'direct');
  });

  it('refuses one with nobody, two, or oneself', async () => {
    await using rig = await openRig();
    const [alice, anna, bill] = [rig.user(), rig.user(), rig.user()];
    rig.connect(alice, anna, bill);
    for (const users of [[], [anna, bill], [alice]]) {
      const body = { qualified_users: users };
      await assert.rejects(rig.send(alice, createOneToOne, { body }), refusal('invalid-op'));
    }
  });

  it('makes one with a remote user only where it is owned here', async () => {
    await using rig = await openRig();
    const alice = rig.user();
    const owners = new Set<string>();
    while (owners.size < 2) {
      const bob = userOf(b);
      rig.connect(alice, bob);
      const { domain, id } = oneToOneConversation('proteus', alice, bob);
      owners.add(domain);
      const made = rig.send(alice, createOneToOne, { body: { qualified_users: [bob] } });
      if (domain === a) assert.equal((await made).body.id, id);
      else await assert.rejects(made, refusal('federation-not-implemented'));
    }
  });
});

describe('reading conversations', () => {
  it('shows them to members only', async () => {
    await using rig = await openRig();
    const [alice, anna] = [rig.user(), rig.user()];
    const { id } = await group(rig, alice, []);
    const get = (user: User, cnv = id) => rig.send(user, getConversation, { params: { domain: a, cnv } });
    assert.equal((await get(alice)).body.name, 'gossip');
    await assert.rejects(get(anna), refusal('access-denied'));
    await assert.rejects(get(alice, newConversationId()), refusal('no-conversation'));
  });

  it('asks owners only about conversations that the user is in, and says which failed', async () => {
    await using rig = await openRig();
    const alice = rig.user();
    const { id } = await group(rig, alice, []);
    const [known, lost, foreign] = [newConversationId(), newConversationId(), newConversationId()];
    await rig.storage.work(async (work) => {
      await rig.galley.oneToOne.setMembership(work, {
        ownUser: alice.id,
        remoteUser: userOf(b),
        actor: 'own',
        belongs: true,
        conversation: { domain: b, id: known },
      });
      await rig.galley.oneToOne.setMembership(work, {
        ownUser: alice.id,
        remoteUser: userOf(c),
        actor: 'own',
        belongs: true,
        conversation: { domain: c, id: lost },
      });
    });
    rig.script = ({ domain }) => {
      if (domain === c) throw new Error('down');
      return {
        convs: [known, foreign].map((told) => ({
          id: told,
          metadata: { type: 0, creator: userOf(b).id, access: [], access_role: [], name: 'theirs' },
          members: { self_role: 'wire_member', others: [] },
        })),
      };
    };
    const ids = [
      { domain: a, id },
      { domain: b, id: known },
      { domain: b, id: foreign },
      { domain: c, id: lost },
    ];
    const { body } = await rig.send(alice, listConversations, { body: { qualified_ids: ids } });
    assert.deepEqual(body.found.map((found) => found.id).toSorted(), [id, known].toSorted());
    assert.deepEqual(body.not_found, [{ domain: b, id: foreign }]);
    assert.deepEqual(body.failed, [{ domain: c, id: lost }]);
    assert.deepEqual(rig.calls.find((call) => call.domain === b)?.input, {
      user_id: alice.id,
      conv_ids: [known],
    });
    const theirs = body.found.find((found) => found.id === known);
    assert.deepEqual([theirs?.members.self.conversation_role, theirs?.name], ['wire_member', 'theirs']);
  });

  it('pages through all ids, own ones first, each once', async () => {
    await using rig = await openRig();
    const alice = rig.user();
    const own = [];
    for (let n = 0; n < 5; n += 1) own.push((await group(rig, alice, [])).id);
    const remote = Array.from({ length: 4 }, newConversationId);
    await rig.storage.work(async (work) => {
      for (const [n, id] of remote.entries()) {
        const conversation = { domain: n % 2 === 0 ? b : c, id };
        const change = {
          ownUser: alice.id,
          remoteUser: userOf(b),
          actor: 'own',
          belongs: true,
          conversation,
        } as const;
        await rig.galley.oneToOne.setMembership(work, change);
      }
    });
    for (const size of [1, 2, 5, 9, 1000]) {
      const seen: string[] = [];
      let state: string | undefined;
      for (let more = true; more; ) {
        const body = { size, ...(state === undefined ? {} : { paging_state: state }) };
        const page = (await rig.send(alice, listConversationIds, { body })).body;
        assert.ok(page.qualified_conversations.length <= size);
        seen.push(...page.qualified_conversations.map(({ id }) => id));
        more = page.has_more;
        state = page.paging_state;
      }
      assert.deepEqual(seen.slice(0, 5).toSorted(), own.toSorted());
      assert.deepEqual(seen.slice(5).toSorted(), remote.toSorted());
    }
    const body = { paging_state: 'AAAA' };
    await assert.rejects(rig.send(alice, listConversationIds, { body }), refusal('bad-request'));
  });

  it('knows nothing of a code of a conversation without one', async () => {
    await using rig = await openRig();
    const alice = rig.user();
    const { id } = await group(rig, alice, []);
    await assert.rejects(rig.send(alice, createCode, { params: { cnv: id } }), refusal('access-denied'));
  });
});
