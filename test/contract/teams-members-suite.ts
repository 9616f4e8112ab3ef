import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import * as client from '#contract/client/teams.ts';
import type { TeamId } from '#contract/ids.ts';
import type { AuthenticatedUser } from '#contract/route.ts';
import { permissionsOf, type TeamRole } from '#contract/teams.ts';
import { refused } from './brig-rig.ts';
import { openTeamsRig, type TeamsRig } from './teams-rig.ts';

/** Who is in a team, what members see of each other, and who may change it (reference client-api 9.3). */
export function teamMembersSuite(freshUrl: () => Promise<string>): void {
  const all = permissionsOf('owner');
  const set = (
    rig: TeamsRig,
    actor: AuthenticatedUser,
    tid: TeamId,
    target: AuthenticatedUser,
    role: TeamRole | { readonly self: number; readonly copy: number },
  ) => {
    const both = typeof role === 'string' ? { self: permissionsOf(role), copy: permissionsOf(role) } : role;
    const body = { member: { user: target.userId, permissions: both } };
    return rig.send(client.putTeamMember, { user: actor, params: { tid }, body });
  };

  describe('a team', () => {
    it('is founded by registering: its founder owns it and is told of it', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const { body } = await rig.send(client.getTeam, { user: owner, params: { tid: team } });
      const expected = {
        id: team,
        creator: owner.userId,
        name: 'Builders',
        icon: 'default',
        binding: true,
        splash_screen: 'default',
      };
      assert.deepEqual(body, expected);
      assert.deepEqual(rig.takeEvents(), [
        { type: 'team.create', data: expected, to: [owner.userId], transient: false },
      ]);
      const params = { tid: team, uid: owner.userId };
      assert.deepEqual((await rig.send(client.getTeamMember, { user: owner, params })).body, {
        user: owner.userId,
        permissions: { self: all, copy: all },
        legalhold_status: 'no_consent',
      });
    });

    it('is shown to its members only', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { team } = await rig.addOwner();
      const partner = await rig.addMember(team, 'partner');
      const stranger = await rig.addStranger();
      const get = (user: AuthenticatedUser, tid: string = team) =>
        rig.send(client.getTeam, { user, params: { tid } });
      assert.equal((await get(partner)).body.id, team);
      await assert.rejects(get(stranger), refused('no-team', 404));
      await assert.rejects(get(stranger, randomUUID()), refused('no-team', 404));
    });

    it('is changed by its admins, who are told of it with what has changed', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const [admin, member] = [await rig.addMember(team, 'admin'), await rig.addMember(team, 'member')];
      rig.takeEvents();
      const params = { tid: team };
      const put = (user: AuthenticatedUser, body: object) => rig.send(client.putTeam, { user, params, body });
      await put(admin, { name: 'Masons', icon_key: 'key' });
      assert.deepEqual(rig.takeEvents(), [
        {
          type: 'team.update',
          data: { name: 'Masons', icon_key: 'key' },
          to: [owner.userId, admin.userId].toSorted(),
          transient: true,
        },
      ]);
      const { body } = await rig.send(client.getTeam, { user: member, params });
      assert.deepEqual([body.name, body.icon, body.icon_key], ['Masons', 'default', 'key']);
      await assert.rejects(
        put(member, { name: 'Mine' }),
        refused('operation-denied', 403, /missing SetTeamData/),
      );
      await assert.rejects(put(await rig.addStranger(), { name: 'Mine' }), refused('no-team-member', 403));
      await assert.rejects(put(admin, {}), refused('bad-request', 400));
      await assert.rejects(put(admin, { name: '' }), refused('bad-request', 400));
      assert.deepEqual(rig.takeEvents(), []);
    });

    it('has a size, for those who may add members', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const member = await rig.addMember(team, 'member');
      const size = (user: AuthenticatedUser) => rig.send(client.getTeamSize, { user, params: { tid: team } });
      assert.deepEqual((await size(owner)).body, { teamSize: 2 });
      await assert.rejects(size(member), refused('insufficient-permissions', 403));
    });
  });

  describe('members of a team', () => {
    it('are paged through by members, each once', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const members = [owner];
      for (let n = 0; n < 4; n += 1) members.push(await rig.addMember(team, 'member'));
      const seen: string[] = [];
      let query: Record<string, string> = { maxResults: '2' };
      for (;;) {
        const { body } = await rig.send(client.getTeamMembers, { user: owner, params: { tid: team }, query });
        seen.push(...body.members.map(({ user }) => user));
        if (!body.hasMore) break;
        assert.equal(body.members.length, 2);
        query = { maxResults: '2', pagingState: body.pagingState };
      }
      assert.deepEqual(seen, members.map(({ userId }) => userId as string).toSorted());
    });

    it('are not shown to strangers, nor by a paging state that is none', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const stranger = await rig.addStranger();
      const page = (user: AuthenticatedUser, query = {}) =>
        rig.send(client.getTeamMembers, { user, params: { tid: team }, query });
      await assert.rejects(page(stranger), refused('no-team-member', 403));
      await assert.rejects(page(owner, { pagingState: 'nonsense' }), refused('bad-request', 400));
      for (const maxResults of ['0', '2001', 'x'])
        await assert.rejects(page(owner, { maxResults }), refused('bad-request', 400));
      const one = (user: AuthenticatedUser, target: AuthenticatedUser) =>
        rig.send(client.getTeamMember, { user, params: { tid: team, uid: target.userId } });
      await assert.rejects(one(stranger, owner), refused('no-team-member', 403));
      await assert.rejects(one(owner, stranger), refused('no-team-member', 404));
    });

    it('show their permissions to themselves and to those who may see them', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const partner = await rig.addMember(team, 'partner');
      const member = await rig.addMember(team, 'member');
      const seen = async (user: AuthenticatedUser, { userId: uid }: AuthenticatedUser) =>
        (await rig.send(client.getTeamMember, { user, params: { tid: team, uid } })).body.permissions?.self;
      assert.equal(await seen(partner, partner), permissionsOf('partner'));
      assert.equal(await seen(partner, owner), undefined);
      assert.equal(await seen(member, owner), all);
    });

    it('who are partners see themselves and who has invited them', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      await rig.addMember(team, 'member');
      const partner = await rig.addMember(team, 'partner');
      await rig.storage.work(({ db }) =>
        db
          .updateTable('team_member')
          .set({ created_by: owner.userId, created_at: 0 })
          .where('user_id', '=', partner.userId)
          .execute(),
      );
      const { body } = await rig.send(client.getTeamMembers, { user: partner, params: { tid: team } });
      assert.deepEqual(
        body.members.map(({ user }) => user),
        [owner.userId, partner.userId].toSorted(),
      );
      const self = body.members.find(({ user }) => user === partner.userId);
      assert.deepEqual([self?.created_by, self?.created_at], [owner.userId, '1970-01-01T00:00:00.000Z']);
    });

    it('are found by their ids, at most as many as are asked for', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const [member, stranger] = [await rig.addMember(team, 'member'), await rig.addStranger()];
      const find = (user: AuthenticatedUser, ids: readonly string[], query = {}) =>
        rig.send(client.getTeamMembersByIds, { user, params: { tid: team }, query, body: { user_ids: ids } });
      const { body } = await find(owner, [stranger.userId, member.userId, member.userId]);
      assert.deepEqual(
        body.members.map(({ user }) => user),
        [member.userId],
      );
      assert.equal(body.hasMore, false);
      const two = [member.userId, owner.userId];
      await assert.rejects(find(owner, two, { maxResults: '1' }), refused('too-many-uids', 400));
      await assert.rejects(find(stranger, two), refused('no-team-member', 403));
    });
  });

  describe('permissions of a member', () => {
    it('are set by those who may, and admins are told', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const member = await rig.addMember(team, 'member');
      rig.takeEvents();
      await set(rig, owner, team, member, 'admin');
      const permissions = { self: permissionsOf('admin'), copy: permissionsOf('admin') };
      assert.deepEqual(rig.takeEvents(), [
        {
          type: 'team.member-update',
          data: { user: member.userId, permissions },
          to: [owner.userId, member.userId].toSorted(),
          transient: true,
        },
      ]);
      await set(rig, owner, team, member, 'partner');
      assert.deepEqual(rig.takeEvents()[0]?.to, [owner.userId]);
      const params = { tid: team, uid: member.userId };
      const { body } = await rig.send(client.getTeamMember, { user: owner, params });
      assert.equal(body.permissions?.self, permissionsOf('partner'));
    });

    it('can be any set of bits whose copy is within it; others are dropped', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const member = await rig.addMember(team, 'member');
      await set(rig, owner, team, member, { self: 1025 + 2 ** 40, copy: 1 });
      const params = { tid: team, uid: member.userId };
      const { body } = await rig.send(client.getTeamMember, { user: owner, params });
      assert.deepEqual(body.permissions, { self: 1025, copy: 1 });
      await assert.rejects(
        set(rig, owner, team, member, { self: 1, copy: 3 }),
        refused('bad-request', 400, /copy/),
      );
    });

    it('are not given beyond the own ones, nor by those who may not, nor to strangers', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const [admin, member] = [await rig.addMember(team, 'admin'), await rig.addMember(team, 'member')];
      const stranger = await rig.addStranger();
      await assert.rejects(set(rig, admin, team, member, 'owner'), refused('invalid-permissions', 403));
      await assert.rejects(
        set(rig, member, team, member, 'member'),
        refused('operation-denied', 403, /missing SetMemberPermissions/),
      );
      await assert.rejects(set(rig, stranger, team, member, 'member'), refused('no-team-member', 403));
      await assert.rejects(set(rig, owner, team, stranger, 'member'), refused('no-team-member', 404));
      const nowhere = randomUUID() as TeamId;
      await assert.rejects(set(rig, owner, nowhere, member, 'member'), refused('no-team', 404));
    });

    it('of an owner are taken by another owner alone, so that one is always left', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const [second, admin] = [await rig.addMember(team, 'owner'), await rig.addMember(team, 'admin')];
      await assert.rejects(set(rig, owner, team, owner, 'admin'), refused('access-denied', 403));
      await assert.rejects(set(rig, admin, team, owner, 'member'), refused('access-denied', 403));
      await set(rig, owner, team, second, 'admin');
    });
  });
}
