import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { deleteSelf } from '#contract/client/self.ts';
import * as client from '#contract/client/teams.ts';
import type { TeamId } from '#contract/ids.ts';
import { patchFeature } from '#contract/internal/features.ts';
import { getUserStatus } from '#contract/internal/users.ts';
import type { AuthenticatedUser } from '#contract/route.ts';
import { until } from '../../src/testkit/network/until.ts';
import { password, refused } from './brig-rig.ts';
import { openTeamsRig, type TeamsRig } from './teams-rig.ts';

/** How members and whole teams go (reference client-api 9.3). */
export function teamDeletionSuite(freshUrl: () => Promise<string>): void {
  const removeMember = (
    rig: TeamsRig,
    user: AuthenticatedUser,
    tid: TeamId,
    { userId: uid }: AuthenticatedUser,
    body: object = { password },
  ) => rig.send(client.deleteTeamMember, { user, params: { tid, uid }, body });
  const removeTeam = (rig: TeamsRig, user: AuthenticatedUser, tid: TeamId, body: object = { password }) =>
    rig.send(client.deleteTeam, { user, params: { tid }, body });
  const statusOf = async (rig: TeamsRig, { userId: uid }: AuthenticatedUser) =>
    (await rig.send(getUserStatus, { params: { uid } })).body.status;

  describe('a member that is taken out of its team', () => {
    it('has no account any more, and the rest of the team learns of it', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const [admin, member] = [await rig.addMember(team, 'admin'), await rig.addMember(team, 'member')];
      rig.takeEvents();
      assert.equal((await removeMember(rig, admin, team, member)).status, 202);
      assert.equal(await statusOf(rig, member), 'deleted');
      const to = [owner.userId, admin.userId].toSorted();
      const left = { type: 'team.member-leave', data: { user: member.userId }, to, transient: true };
      assert.deepEqual(rig.takeEvents(), [left]);
      const params = { tid: team, uid: member.userId };
      await assert.rejects(
        rig.send(client.getTeamMember, { user: owner, params }),
        refused('no-team-member', 404),
      );
    });

    it('goes by who may, with the right password, and owners by other owners only', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const [admin, member] = [await rig.addMember(team, 'admin'), await rig.addMember(team, 'member')];
      const stranger = await rig.addStranger();
      const denied = refused('access-denied', 403);
      await assert.rejects(removeMember(rig, owner, team, member, {}), denied);
      await assert.rejects(removeMember(rig, owner, team, member, { password: 'wrong-horse' }), denied);
      await assert.rejects(
        removeMember(rig, member, team, admin),
        refused('operation-denied', 403, /missing RemoveTeamMember/),
      );
      await assert.rejects(removeMember(rig, stranger, team, member), refused('no-team-member', 403));
      await assert.rejects(removeMember(rig, owner, team, stranger), refused('no-team-member', 404));
      await assert.rejects(removeMember(rig, admin, team, owner), denied);
      await assert.rejects(removeMember(rig, owner, team, owner), denied);
      for (const user of [owner, admin, member, stranger]) assert.equal(await statusOf(rig, user), 'active');
      const second = await rig.addMember(team, 'owner');
      await removeMember(rig, second, team, owner);
      assert.equal(await statusOf(rig, owner), 'deleted');
    });

    it('is told to admins alone where the team wants that, and to nobody in one that is too large', async () => {
      await using rig = await openTeamsRig(await freshUrl(), { settings: { fanOutLimit: 2 } });
      const { owner, team } = await rig.addOwner();
      for (let n = 0; n < 2; n += 1) await rig.addMember(team, 'member');
      const [one, other] = [await rig.addMember(team, 'member'), await rig.addMember(team, 'member')];
      rig.takeEvents();
      await removeMember(rig, owner, team, one);
      assert.deepEqual(rig.takeEvents(), []);
      const params = { tid: team, feature: 'limitedEventFanout' };
      await rig.send(patchFeature, { params, body: { status: 'enabled' } });
      await removeMember(rig, owner, team, other);
      assert.deepEqual(
        rig.takeEvents().map(({ to }) => to),
        [[owner.userId]],
      );
    });

    it('may as well delete itself, but for owners', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const member = await rig.addMember(team, 'member');
      await assert.rejects(
        rig.send(deleteSelf, { user: owner, body: { password } }),
        refused('no-self-delete-for-team-owner', 403),
      );
      rig.takeEvents();
      await rig.send(deleteSelf, { user: member, body: { password } });
      assert.deepEqual(
        rig.takeEvents().map(({ type, to }) => [type, to]),
        [['team.member-leave', [owner.userId]]],
      );
    });
  });

  describe('a team that is deleted', () => {
    it('has nobody from then on, and all its accounts go', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const member = await rig.addMember(team, 'member');
      const stranger = await rig.addStranger();
      rig.takeEvents();
      assert.equal((await removeTeam(rig, owner, team)).status, 202);
      const get = rig.send(client.getTeam, { user: member, params: { tid: team } });
      await assert.rejects(get, refused('no-team', 404));
      await until('the team to go', async () => {
        const rows = await rig.storage.reader.selectFrom('team').selectAll().execute();
        return rows.length === 0;
      });
      for (const user of [owner, member]) assert.equal(await statusOf(rig, user), 'deleted');
      assert.equal(await statusOf(rig, stranger), 'active');
      const events = rig.takeEvents();
      assert.deepEqual(
        new Set(events.map(({ type, data }) => `${type} ${data}`)),
        new Set(['team.delete null']),
      );
      assert.deepEqual(events.flatMap(({ to }) => to).toSorted(), [owner.userId, member.userId].toSorted());
      await assert.rejects(removeTeam(rig, owner, team), refused('no-team', 404));
    });

    it('is taken apart by the next start when the process has died in the middle', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const [gone, member] = [await rig.addMember(team, 'member'), await rig.addMember(team, 'member')];
      await removeMember(rig, owner, team, gone);
      const deleted = { deleted_by: owner.userId };
      await rig.storage.work(({ db }) =>
        db.updateTable('team').set(deleted).where('id', '=', team).execute(),
      );
      await rig.teams.resume();
      await until('the team to go', async () => {
        const rows = await rig.storage.reader.selectFrom('team').selectAll().execute();
        return rows.length === 0;
      });
      for (const user of [owner, member]) assert.equal(await statusOf(rig, user), 'deleted');
    });

    it('goes by its owners, with the right password', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const admin = await rig.addMember(team, 'admin');
      const denied = refused('access-denied', 403);
      await assert.rejects(removeTeam(rig, owner, team, {}), denied);
      await assert.rejects(removeTeam(rig, owner, team, { password: 'wrong-horse' }), denied);
      await assert.rejects(
        removeTeam(rig, admin, team),
        refused('operation-denied', 403, /missing DeleteTeam/),
      );
      await assert.rejects(removeTeam(rig, await rig.addStranger(), team), refused('no-team-member', 403));
      await assert.rejects(removeTeam(rig, owner, randomUUID() as TeamId), refused('no-team', 404));
      assert.equal((await rig.send(client.getTeam, { user: owner, params: { tid: team } })).status, 200);
    });

    it('goes although a step fails at first, and although a member has lost its account before', async () => {
      let failures = 2;
      const conversations = {
        end: async () => {
          failures -= 1;
          if (failures >= 0) throw new Error('the database is away');
        },
        part: async () => undefined,
      };
      await using rig = await openTeamsRig(await freshUrl(), { conversations });
      const { owner, team } = await rig.addOwner();
      const member = await rig.addMember(team, 'member');
      await rig.storage.work(({ db }) =>
        db.updateTable('account').set({ status: 'deleted' }).where('id', '=', member.userId).execute(),
      );
      await removeTeam(rig, owner, team);
      await removeTeam(rig, owner, team);
      await until('the team to go', async () => {
        const left = await rig.storage.reader.selectFrom('team_member').selectAll().execute();
        return (
          left.length === 0 &&
          (await rig.storage.reader.selectFrom('team').selectAll().execute()).length === 0
        );
      });
      assert.equal(await statusOf(rig, owner), 'deleted');
    });
  });
}
