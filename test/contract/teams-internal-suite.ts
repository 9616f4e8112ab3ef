import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { createInvitation, getInvitations } from '#contract/client/team-invitations.ts';
import * as internal from '#contract/internal/teams.ts';
import { getUserStatus } from '#contract/internal/users.ts';
import type { AuthenticatedUser } from '#contract/route.ts';
import { permissionsOf } from '#contract/teams.ts';
import { refused } from './brig-rig.ts';
import { openTeamsRig, type TeamsRig } from './teams-rig.ts';

/** Teams on the operations listener (reference client-api 2.9). */
export function teamInternalSuite(freshUrl: () => Promise<string>): void {
  const set = permissionsOf('member');
  const add = (rig: TeamsRig, tid: string, user: string, copy = set) => {
    const body = { member: { user, permissions: { self: set, copy } } };
    return rig.send(internal.addTeamMember, { params: { tid }, body });
  };
  const statusOf = async (rig: TeamsRig, { userId: uid }: AuthenticatedUser) =>
    (await rig.send(getUserStatus, { params: { uid } })).body.status;

  describe('operators’ tools', () => {
    it('put users without a team into one, and see who is in it', async () => {
      await using rig = await openTeamsRig(await freshUrl(), { settings: { maxTeamSize: 2 } });
      const { owner, team } = await rig.addOwner();
      const [user, other] = [await rig.addStranger(), await rig.addStranger()];
      rig.takeEvents();
      await add(rig, team, user.userId);
      const to = [owner.userId, user.userId].toSorted();
      assert.deepEqual(rig.takeEvents(), [
        { type: 'team.member-join', data: { user: user.userId }, to, transient: true },
      ]);
      const { body } = await rig.send(internal.getInternalTeamMembers, { params: { tid: team } });
      assert.deepEqual(
        body.members.map((member) => [member.user, member.permissions?.self]).toSorted(),
        [
          [owner.userId, permissionsOf('owner')],
          [user.userId, set],
        ].toSorted(),
      );
      const teamOf = (uid: string) => rig.send(internal.getTeamOfUser, { params: { uid } });
      assert.equal((await teamOf(user.userId)).body, team);
      await assert.rejects(teamOf(other.userId), refused('no-team', 404));
      await assert.rejects(add(rig, team, user.userId), refused('bad-request', 400, /without/));
      await assert.rejects(add(rig, team, randomUUID()), refused('not-found', 404));
      await assert.rejects(add(rig, randomUUID(), other.userId), refused('no-team', 404));
      await assert.rejects(add(rig, team, other.userId, 8191), refused('bad-request', 400, /copy/));
      await assert.rejects(add(rig, team, other.userId), refused('too-many-team-members', 403));
      await assert.rejects(teamOf(other.userId), refused('no-team', 404));
    });

    it('suspend all members, whose invitations are worth nothing any more, and lift that', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const [member, stranger] = [await rig.addMember(team, 'member'), await rig.addStranger()];
      const params = { tid: team };
      const body = { email: 'bob@example.com' };
      await rig.send(createInvitation, { user: owner, params, body });
      await rig.send(internal.suspendTeam, { params });
      for (const user of [owner, member]) assert.equal(await statusOf(rig, user), 'suspended');
      assert.equal(await statusOf(rig, stranger), 'active');
      const left = await rig.send(getInvitations, { user: owner, params });
      assert.deepEqual(left.body.invitations, []);
      await rig.send(internal.unsuspendTeam, { params });
      for (const user of [owner, member]) assert.equal(await statusOf(rig, user), 'active');
    });
  });
}
