import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { getOwnDomainUserClients, listClients, removeClient } from '#contract/client/clients.ts';
import { createConnection, getConnection, updateConnection } from '#contract/client/connections.ts';
import { access } from '#contract/client/login.ts';
import { claimOwnDomainUserPrekeys, claimPrekeys } from '#contract/client/prekeys.ts';
import { deleteTeamMember } from '#contract/client/teams.ts';
import { getOwnDomainUser } from '#contract/client/users.ts';
import type { UserId } from '#contract/ids.ts';
import type { AuthenticatedUser } from '#contract/route.ts';
import { lastResortId, makePrekey, until } from '#testkit';
import { ownDomain as domain, password, refused } from './brig-rig.ts';
import { openHeldTeam } from './legalhold-rig.ts';
import type { TeamsRig } from './teams-rig.ts';

/** How members come under legal hold and out of it, and what follows (reference client-api 9.4). */
export function legalholdHoldsSuite(freshUrl: () => Promise<string>): void {
  const connect = async (rig: TeamsRig, one: AuthenticatedUser, other: AuthenticatedUser) => {
    await rig.send(createConnection, { user: one, params: { domain, uid: other.userId } });
    await rig.send(createConnection, { user: other, params: { domain, uid: one.userId } });
  };
  const relation = async (rig: TeamsRig, user: AuthenticatedUser, other: AuthenticatedUser) => {
    const answer = await rig.send(getConnection, { user, params: { domain, uid: other.userId } });
    return answer.status === 200 ? answer.body.status : undefined;
  };
  const clientsOf = async (rig: TeamsRig, user: AuthenticatedUser) =>
    (await rig.send(listClients, { user, version: 8 })).body;
  /** Events of users after the first so many pushes, and who got them. */
  const userEvents = ({ pushes }: TeamsRig, from: number) =>
    pushes
      .slice(from)
      .filter(({ event }) => event.type.startsWith('user.'))
      .map(({ event, recipients }) => [event.type, recipients.map(({ user }) => user).toSorted()]);

  describe('a member', () => {
    it('consents once, and only in its own team', async () => {
      await using held = await openHeldTeam(await freshUrl());
      const [member, stranger] = [
        await held.rig.addMember(held.team, 'member'),
        await held.rig.addStranger(),
      ];
      assert.deepEqual(await held.view(member), { status: 'no_consent' });
      assert.deepEqual([await held.consent(member), await held.consent(member)], [201, 204]);
      assert.deepEqual(await held.view(member), { status: 'disabled' });
      await assert.rejects(held.consent(stranger), refused('no-team-member', 404));
      await assert.rejects(held.view(stranger), refused('no-team-member', 404));
    });

    it('is asked for its approval, with what its contacts and mates see of it', async () => {
      await using held = await openHeldTeam(await freshUrl());
      const { rig, service, owner, member, team } = held;
      const contact = await rig.addStranger();
      await connect(rig, owner, contact);
      const before = rig.pushes.length;
      assert.equal(await held.request(member), 201);
      const asked = service.requests.at(-1);
      assert.deepEqual(asked, {
        method: 'POST',
        path: '/initiate',
        authorization: `Bearer ${service.settings.auth_token}`,
        body: { team_id: team, user_id: member.userId },
      });
      const { status, client, last_prekey: last } = await held.view(member);
      assert.deepEqual([status, last?.id], ['pending', lastResortId]);
      const push = rig.pushes[before];
      assert.deepEqual(push?.event, {
        type: 'user.legalhold-request',
        id: member.userId,
        client,
        last_prekey: last,
      });
      const to = push?.recipients.map(({ user }) => user).toSorted();
      assert.deepEqual(to, [member.userId, owner.userId].toSorted());
      assert.deepEqual(await clientsOf(rig, member), []);
      assert.equal(await held.request(member), 204);
      assert.notDeepEqual((await held.view(member)).client, client);
    });

    it('is put under legal hold by its approval, and out of it by an admin', async () => {
      await using held = await openHeldTeam(await freshUrl());
      const { rig, service, owner, member, team } = held;
      const body = { team_id: team, user_id: member.userId };
      const profile = async () =>
        (await rig.send(getOwnDomainUser, { user: owner, params: { uid: member.userId } })).body;
      await held.request(member);
      assert.equal((await profile()).legalhold_status, 'pending');
      const requested = rig.pushes.length;
      assert.equal(await held.approve(member), 200);
      const { client, status } = await held.view(member);
      assert.deepEqual([status, (await profile()).legalhold_status], ['enabled', 'enabled']);
      const all = [member.userId, owner.userId].toSorted();
      assert.deepEqual(userEvents(rig, requested), [
        ['user.client-add', [member.userId]],
        ['user.legalhold-enable', all],
      ]);
      const [device, ...others] = await clientsOf(rig, member);
      assert.deepEqual([device?.type, device?.class, device?.id], ['legalhold', 'legalhold', client?.id]);
      assert.deepEqual(others, []);
      const { body: shown } = await rig.send(getOwnDomainUserClients, {
        user: owner,
        params: { uid: member.userId },
      });
      assert.deepEqual(shown, [{ id: client?.id, class: 'legalhold' }]);
      const confirmed = service.requests.at(-1);
      const { refresh_token: token, ...rest } = confirmed?.body ?? {};
      assert.deepEqual([confirmed?.path, rest], ['/confirm', { ...body, client_id: client?.id }]);
      const bind = () =>
        rig.send(access, { zuid: [String(token)], query: { client_id: String(client?.id) } });
      assert.equal((await bind()).body.user, member.userId);

      const approved = rig.pushes.length;
      assert.equal(await held.disable(member), 200);
      assert.deepEqual([service.requests.at(-1)?.path, service.requests.at(-1)?.body], ['/remove', body]);
      assert.deepEqual(await held.view(member), { status: 'disabled' });
      assert.deepEqual(userEvents(rig, approved), [
        ['user.client-remove', [member.userId]],
        ['user.legalhold-disable', all],
      ]);
      assert.deepEqual(await clientsOf(rig, member), []);
      await assert.rejects(bind(), refused('invalid-credentials', 403));
      assert.equal(await held.disable(member), 204);
      assert.equal(await held.request(member), 201);
    });

    it('cannot take the device away by itself', async () => {
      await using held = await openHeldTeam(await freshUrl());
      const { rig, member } = held;
      await held.request(member);
      await held.approve(member);
      const params = { client: String((await held.view(member)).client?.id) };
      const remove = rig.send(removeClient, { user: member, params, body: { password } });
      await assert.rejects(remove, refused('client-error', 400));
    });

    it('is requested for by admins, for members who have consented and are not under legal hold', async () => {
      await using held = await openHeldTeam(await freshUrl());
      const { rig, member, team } = held;
      const [other, stranger] = [await rig.addMember(team, 'member'), await rig.addStranger()];
      await assert.rejects(held.request(member, member), refused('operation-denied', 403));
      await assert.rejects(held.request(member, stranger), refused('no-team-member', 403));
      await assert.rejects(held.request(stranger), refused('no-team-member', 404));
      await assert.rejects(held.request(other), refused('legalhold-no-consent', 409));
      await held.request(member);
      await held.approve(member);
      await assert.rejects(held.request(member), refused('legalhold-already-enabled', 409));
      await assert.rejects(held.disable(member, other), refused('operation-denied', 403));
      await assert.rejects(held.disable(member, stranger), refused('no-team-member', 403));
      await assert.rejects(held.disable(member, held.owner, {}), refused('access-denied', 403));
      assert.equal((await held.view(member)).status, 'enabled');
    });

    it('approves what waits for it, with its password', async () => {
      await using held = await openHeldTeam(await freshUrl());
      const { rig, owner, member, service } = held;
      await assert.rejects(held.approve(member), refused('legalhold-not-pending', 412));
      await held.request(member);
      await assert.rejects(held.approve(member, owner), refused('access-denied', 403));
      await assert.rejects(held.approve(member, member, {}), refused('access-denied', 403));
      const wrong = { password: 'not-that-one' };
      await assert.rejects(held.approve(member, member, wrong), refused('access-denied', 403));
      await rig.storage.work(({ db }) => db.deleteFrom('legalhold_device').execute());
      await assert.rejects(held.approve(member), refused('legalhold-no-device-allocated', 404));
      assert.equal(service.requests.at(-1)?.path, '/initiate');
      await held.request(member);
      await held.approve(member);
      await assert.rejects(held.approve(member), refused('legalhold-already-enabled', 409));
    });

    it('is left as it was when the service fails or makes nonsense', async () => {
      await using held = await openHeldTeam(await freshUrl());
      const { rig, member, service } = held;
      const bad = refused('legalhold-status-bad', 400);
      const last_prekey = makePrekey(lastResortId);
      const nonsense = [
        { status: 500 },
        { status: 200 },
        { status: 200, body: 'no device' },
        { status: 200, body: { prekeys: [], last_prekey: makePrekey(7) } },
        { status: 200, body: { prekeys: [{ id: 1, key: 'AAAA' }], last_prekey } },
        { status: 200, body: { prekeys: [], last_prekey, more: '\0' } },
      ];
      for (const reply of nonsense) {
        service.answer('/initiate', reply);
        await assert.rejects(held.request(member), bad);
      }
      assert.equal((await held.view(member)).status, 'disabled');
      service.answer('/initiate');
      await held.request(member);
      service.answer('/confirm', { status: 500 });
      await assert.rejects(held.approve(member), bad);
      assert.deepEqual(await clientsOf(rig, member), []);
      assert.equal((await held.view(member)).status, 'pending');
      await service[Symbol.asyncDispose]();
      await assert.rejects(held.approve(member), refused('legalhold-unavailable', 412));
      await assert.rejects(held.request(member), refused('legalhold-unavailable', 412));
      assert.deepEqual(await clientsOf(rig, member), []);
      // A service that is gone keeps nobody under legal hold.
      assert.equal(await held.disable(member), 200);
      assert.equal((await held.view(member)).status, 'disabled');
    });

    it('leaves nothing behind when its account goes', async () => {
      await using held = await openHeldTeam(await freshUrl());
      const { rig, owner, member, team: tid } = held;
      await held.request(member);
      const params = { tid, uid: member.userId };
      await rig.send(deleteTeamMember, { user: owner, params, body: { password } });
      const { reader } = rig.storage;
      assert.deepEqual(await reader.selectFrom('legalhold_device').selectAll().execute(), []);
      assert.deepEqual(await reader.selectFrom('legalhold_unsettled').selectAll().execute(), []);
    });
  });

  describe('legal hold of a member', () => {
    it('suspends connections with who has not consented, until it ends', async () => {
      await using held = await openHeldTeam(await freshUrl());
      const { rig, member } = held;
      const [friend, asked, blocked] = [
        await rig.addStranger(),
        await rig.addStranger(),
        await rig.addStranger(),
      ];
      const { owner: consenting, team: otherTeam } = await rig.addOwner();
      await rig.storage.work(({ db }) =>
        db
          .updateTable('team_member')
          .set({ legalhold_status: 'disabled' })
          .where('team', '=', otherTeam)
          .execute(),
      );
      for (const user of [friend, blocked, consenting]) await connect(rig, member, user);
      await rig.send(createConnection, { user: member, params: { domain, uid: asked.userId } });
      const params = { domain, uid: member.userId };
      await rig.send(updateConnection, { user: blocked, params, body: { status: 'blocked' } });
      const relations = async () =>
        Promise.all(
          [friend, asked, blocked, consenting].flatMap((user) => [
            relation(rig, member, user),
            relation(rig, user, member),
          ]),
        );
      const before = await relations();
      assert.equal(await held.request(member), 201);
      const suspended = Array.from({ length: 6 }, () => 'missing-legalhold-consent');
      assert.deepEqual(await relations(), [...suspended, 'accepted', 'accepted']);
      assert.deepEqual(held.parted, [member.userId]);
      await held.approve(member);
      await held.disable(member);
      assert.deepEqual(await relations(), before);
    });

    it('keeps others from connecting who have not consented', async () => {
      await using held = await openHeldTeam(await freshUrl());
      const { rig, member } = held;
      const stranger = await rig.addStranger();
      const { owner: other } = await rig.addOwner();
      const ask = (user: AuthenticatedUser, uid: UserId) =>
        rig.send(createConnection, { user, params: { domain, uid } });
      const conflict = refused('missing-legalhold-consent', 403);
      await held.request(member);
      await assert.rejects(ask(stranger, member.userId), conflict);
      await assert.rejects(ask(member, other.userId), conflict);
      await held.disable(member);
      assert.equal((await ask(stranger, member.userId)).status, 201);
    });

    it('keeps its prekeys from who has not consented, once the device listens', async () => {
      await using held = await openHeldTeam(await freshUrl());
      const { rig, owner, member } = held;
      const stranger = await rig.addStranger();
      const uid = member.userId;
      const claim = (user: AuthenticatedUser) =>
        rig.send(claimOwnDomainUserPrekeys, { user, params: { uid } });
      await held.request(member);
      await claim(stranger);
      await held.approve(member);
      const conflict = refused('missing-legalhold-consent', 403);
      await assert.rejects(claim(stranger), conflict);
      await assert.rejects(claim(owner), conflict);
      const body = { [domain]: { [uid]: [], [stranger.userId]: [] } };
      await assert.rejects(rig.send(claimPrekeys, { user: member, body }), conflict);
      await held.consent(owner);
      assert.equal((await claim(owner)).body.clients.length, 1);
      await held.disable(member);
      assert.deepEqual((await claim(stranger)).body.clients, []);
    });

    it('goes on after a crash in the middle of what follows', async () => {
      let crashes = 1;
      const conversations = {
        end: async () => undefined,
        part: async () => {
          crashes -= 1;
          if (crashes >= 0) throw new Error('the database is away');
        },
      };
      await using held = await openHeldTeam(await freshUrl(), { conversations });
      const { rig, member } = held;
      await assert.rejects(held.request(member), /away/);
      assert.equal((await held.view(member)).status, 'pending');
      const unsettled = () => rig.storage.reader.selectFrom('legalhold_unsettled').selectAll().execute();
      assert.equal((await unsettled()).length, 1);
      await rig.teams.resume();
      await until('everything to fit', async () => (await unsettled()).length === 0);
      assert.equal(crashes, -1);
    });
  });
}
