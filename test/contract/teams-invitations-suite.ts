import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { register } from '#contract/client/registration.ts';
import * as client from '#contract/client/team-invitations.ts';
import { getTeamNotifications } from '#contract/client/team-notifications.ts';
import { deleteTeamMember, getTeamMember } from '#contract/client/teams.ts';
import type { TeamId } from '#contract/ids.ts';
import { patchFeature } from '#contract/internal/features.ts';
import { getInvitationCode } from '#contract/internal/teams.ts';
import { createUser } from '#contract/internal/users.ts';
import type { AuthenticatedUser } from '#contract/route.ts';
import { permissionsOf } from '#contract/teams.ts';
import { openMailServer } from '../../src/testkit/smtp/index.ts';
import { password, refused } from './brig-rig.ts';
import { openTeamsRig, type TeamsRig } from './teams-rig.ts';

/** Asking people into a team, and their joining it (reference client-api 2.3, 9.3). */
export function teamInvitationsSuite(freshUrl: () => Promise<string>): void {
  const invite = (rig: TeamsRig, user: AuthenticatedUser, tid: TeamId, body: object) =>
    rig.send(client.createInvitation, { user, params: { tid }, body });
  const codeOf = async (rig: TeamsRig, { team, id }: client.Invitation) =>
    (await rig.send(getInvitationCode, { query: { team, invitation_id: id } })).body.code;
  const join = (rig: TeamsRig, email: string, team_code: string) =>
    rig.send(register, { body: { name: 'Bob', email, password, team_code } });

  describe('an invitation', () => {
    it('is mailed with its code and the link, and shown to those who may add members', async () => {
      await using server = await openMailServer();
      const mail = { smtp: server.url, from: 'noreply@a.example.com' };
      const settings = { invitationUrl: 'https://join.example.com/?lang=en' };
      await using rig = await openTeamsRig(await freshUrl(), { settings }, { mail });
      const { owner, team } = await rig.addOwner();
      const body = { email: 'Bob+1@example.com', name: 'Bob', role: 'admin', locale: 'en' };
      const answer = await invite(rig, owner, team, body);
      assert.deepEqual(answer.headers, { location: `/teams/${team}/invitations/${answer.body.id}` });
      const { id, ...shown } = answer.body;
      assert.deepEqual(shown, {
        team,
        role: 'admin',
        created_at: new Date(rig.clock.now).toISOString(),
        created_by: owner.userId,
        email: 'Bob+1@example.com',
        name: 'Bob',
      });
      const code = await codeOf(rig, answer.body);
      const text = (await server.mailTo('Bob+1@example.com')).message.replace(/=\r?\n/g, '');
      assert.ok(text.replaceAll('=3D', '=').includes(`https://join.example.com/?lang=en&team-code=${code}`));
      assert.match(text, /to join the team Builders/);
      const admin = await rig.addMember(team, 'admin');
      const params = { tid: team, iid: id };
      assert.deepEqual((await rig.send(client.getInvitation, { user: admin, params })).body, answer.body);
      const info = await rig.send(client.getInvitationInfo, { query: { code } });
      assert.deepEqual(info.body, answer.body);
    });

    it('is sent by those who may, to no more than they may let others do', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const [admin, member] = [await rig.addMember(team, 'admin'), await rig.addMember(team, 'member')];
      const email = 'bob@example.com';
      const denied = refused('insufficient-permissions', 403);
      await assert.rejects(invite(rig, member, team, { email }), denied);
      await assert.rejects(invite(rig, await rig.addStranger(), team, { email }), denied);
      await assert.rejects(invite(rig, admin, team, { email, role: 'owner' }), denied);
      await assert.rejects(invite(rig, owner, randomUUID() as TeamId, { email }), denied);
      assert.equal((await invite(rig, admin, team, { email })).body.role, 'member');
      const { body: pending } = await rig.send(register, {
        body: { name: 'New', email: 'new@example.com', password, team: { name: 'T', icon: 'default' } },
      });
      const unproven = { userId: pending.id, clientId: undefined, connectionId: '1' };
      await assert.rejects(
        invite(rig, unproven, pending.team as TeamId, { email }),
        refused('no-email', 403),
      );
    });

    it('is refused for addresses that are none, taken or barred', async () => {
      const settings = { blacklistedEmails: ['eve@example.com'] };
      await using rig = await openTeamsRig(await freshUrl(), {}, { settings });
      const { owner, team } = await rig.addOwner();
      await rig.send(createUser, { body: { name: 'Taken', email: 'taken@example.com', password } });
      const cases = [
        ['nonsense', 'invalid-email', 400],
        ['taken+x@example.com', 'email-exists', 409],
        ['eve@example.com', 'blacklisted-email', 403],
      ] as const;
      for (const [email, label, status] of cases)
        await assert.rejects(invite(rig, owner, team, { email }), refused(label, status));
      await assert.rejects(
        invite(rig, owner, team, { email: 'bob@example.com', role: 'king' }),
        refused('bad-request', 400),
      );
    });

    it('is one of a bounded number; expired ones do not count', async () => {
      const settings = { maxTeamSize: 2, invitationSeconds: 60 };
      await using rig = await openTeamsRig(await freshUrl(), { settings });
      const { owner, team } = await rig.addOwner();
      for (const n of [1, 2]) await invite(rig, owner, team, { email: `bob${n}@example.com` });
      const third = () => invite(rig, owner, team, { email: 'carol@example.com' });
      await assert.rejects(third(), refused('too-many-team-invitations', 403));
      rig.clock.now += 60_000;
      await third();
    });

    it('is listed in pages, and is gone when it is taken back', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const member = await rig.addMember(team, 'member');
      const made: client.Invitation[] = [];
      for (const n of [1, 2, 3])
        made.push((await invite(rig, owner, team, { email: `bob${n}@example.com` })).body);
      const ids = made.map(({ id }) => id).toSorted();
      const list = async (user: AuthenticatedUser, query: Record<string, string> = {}) =>
        (await rig.send(client.getInvitations, { user, params: { tid: team }, query })).body;
      const first = await list(owner, { size: '2' });
      assert.deepEqual([first.invitations.map(({ id }) => id), first.has_more], [ids.slice(0, 2), true]);
      const rest = await list(owner, { size: '2', start: ids[1] ?? '' });
      assert.deepEqual([rest.invitations.map(({ id }) => id), rest.has_more], [ids.slice(2), false]);
      for (const size of ['0', '501'])
        await assert.rejects(list(owner, { size }), refused('bad-request', 400));
      await assert.rejects(list(member), refused('insufficient-permissions', 403));
      const code = await codeOf(rig, made[0] as client.Invitation);
      const params = { tid: team, iid: made[0]?.id ?? '' };
      const remove = (user: AuthenticatedUser) => rig.send(client.deleteInvitation, { user, params });
      await assert.rejects(remove(member), refused('insufficient-permissions', 403));
      assert.equal((await remove(owner)).status, 200);
      assert.equal((await remove(owner)).status, 200);
      await assert.rejects(
        rig.send(client.getInvitation, { user: owner, params }),
        refused('not-found', 404),
      );
      const info = rig.send(client.getInvitationInfo, { query: { code } });
      await assert.rejects(info, refused('invalid-invitation-code', 400));
      await assert.rejects(join(rig, 'bob1@example.com', code), refused('invalid-invitation-code', 400));
    });

    it('shows its link where the team’s admins may have it', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const params = { tid: team, feature: 'exposeInvitationURLsToTeamAdmin' };
      await rig.send(patchFeature, { params, body: { status: 'enabled' } });
      const { body } = await invite(rig, owner, team, { email: 'bob@example.com' });
      const code = await codeOf(rig, body);
      assert.equal(new URL(body.url ?? '').searchParams.get('team-code'), code);
      const info = await rig.send(client.getInvitationInfo, { query: { code } });
      assert.equal(info.body.url, undefined);
    });

    it('is known by its address', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const email = 'bob@example.com';
      const head = () => rig.send(client.headInvitationByEmail, { query: { email } });
      await assert.rejects(head(), refused('not-found', 404));
      await invite(rig, owner, team, { email });
      await invite(rig, owner, team, { email });
      assert.equal((await head()).status, 200);
      const other = await rig.addOwner();
      await invite(rig, other.owner, other.team, { email });
      await assert.rejects(head(), refused('conflicting-invitations', 409));
    });
  });

  describe('registering with the code of an invitation', () => {
    it('makes an active member of the invited role, told to it, to admins and to the queue', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const { body: invitation } = await invite(rig, owner, team, {
        email: 'bob@example.com',
        role: 'partner',
      });
      const code = await codeOf(rig, invitation);
      rig.clock.now += 5000;
      rig.takeEvents();
      const { body: bob } = await join(rig, 'Bob@example.com', code);
      assert.deepEqual([bob.team, bob.email], [team, 'Bob@example.com']);
      const activated = rig.pushes.find(({ event }) => event.type === 'user.activate');
      assert.deepEqual(activated?.recipients, [{ user: bob.id }]);
      const data = { user: bob.id };
      const to = [owner.userId, bob.id].toSorted();
      assert.deepEqual(rig.takeEvents(), [{ type: 'team.member-join', data, to, transient: true }]);
      const params = { tid: team, uid: bob.id };
      assert.deepEqual((await rig.send(getTeamMember, { user: owner, params })).body, {
        user: bob.id,
        permissions: { self: permissionsOf('partner'), copy: permissionsOf('partner') },
        created_by: owner.userId,
        created_at: invitation.created_at,
        legalhold_status: 'no_consent',
      });
      const { body: queue } = await rig.send(getTeamNotifications, { user: owner });
      assert.deepEqual(
        queue.notifications.map(({ payload }) => payload),
        [[{ type: 'team.member-join', team, time: new Date(rig.clock.now).toISOString(), data }]],
      );
      await assert.rejects(join(rig, 'other@example.com', code), refused('invalid-invitation-code', 400));
    });

    it('is refused with another address, none, a wrong code or one that is too old, and stores nothing', async () => {
      await using rig = await openTeamsRig(await freshUrl(), { settings: { invitationSeconds: 60 } });
      const { owner, team } = await rig.addOwner();
      const { body: invitation } = await invite(rig, owner, team, { email: 'bob@example.com' });
      const code = await codeOf(rig, invitation);
      const unknown = refused('invalid-invitation-code', 400);
      await assert.rejects(join(rig, 'eve@example.com', code), unknown);
      await assert.rejects(join(rig, 'bob@example.com', 'nonsense'), unknown);
      const body = { name: 'Bob', password, team_code: code };
      await assert.rejects(rig.send(register, { body }), refused('missing-identity', 403));
      rig.clock.now += 60_000;
      await assert.rejects(join(rig, 'bob@example.com', code), unknown);
      const names = await rig.storage.reader.selectFrom('account').select('name').execute();
      assert.deepEqual(names, [{ name: 'Somebody' }]);
    });

    it('is refused when the team is full, and works once there is room', async () => {
      await using rig = await openTeamsRig(await freshUrl(), { settings: { maxTeamSize: 2 } });
      const { owner, team } = await rig.addOwner();
      const { body: invitation } = await invite(rig, owner, team, { email: 'bob@example.com' });
      const code = await codeOf(rig, invitation);
      const member = await rig.addMember(team, 'member');
      await assert.rejects(join(rig, 'bob@example.com', code), refused('too-many-team-members', 403));
      const params = { tid: team, uid: member.userId };
      await rig.send(deleteTeamMember, { user: owner, params, body: { password } });
      assert.equal((await join(rig, 'bob@example.com', code)).status, 201);
    });
  });

  describe('the queue of a team', () => {
    it('is read from a notification on, with that one, also when it is not there', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team } = await rig.addOwner();
      const joined: string[] = [];
      for (const email of ['bob@example.com', 'carol@example.com', 'dave@example.com']) {
        const { body } = await invite(rig, owner, team, { email });
        joined.push((await join(rig, email, await codeOf(rig, body))).body.id);
      }
      const read = async (query: Record<string, string>) => {
        const { body } = await rig.send(getTeamNotifications, { user: owner, query });
        const users = body.notifications.map(({ payload }) => (payload[0] as never as { data: object }).data);
        return { users, ids: body.notifications.map(({ id }) => id), more: body.has_more };
      };
      const users = joined.map((user) => ({ user }));
      const all = await read({});
      assert.deepEqual([all.users, all.more], [users, false]);
      const [first = '', second = ''] = all.ids;
      const page = await read({ since: second, size: '1' });
      assert.deepEqual([page.users, page.more], [[users[1]], true]);
      const ofAnotherMaker = `${first.slice(0, 18)}-9abc-0123456789ab`;
      assert.deepEqual((await read({ since: ofAnotherMaker })).users, users);
      await rig.storage.work(({ db }) => db.deleteFrom('team_notification').execute());
      assert.deepEqual((await read({ since: first })).users, []);
    });

    it('is refused to users without a team, and with an id that is no version 1 UUID', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner } = await rig.addOwner();
      const read = (user: AuthenticatedUser, query = {}) => rig.send(getTeamNotifications, { user, query });
      await assert.rejects(read(await rig.addStranger()), refused('no-team', 404));
      await assert.rejects(read(owner, { since: randomUUID() }), refused('invalid-notification-id', 400));
      for (const size of ['0', '10001'])
        await assert.rejects(read(owner, { size }), refused('bad-request', 400));
    });
  });
}
