import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { addClientV6 } from '#contract/client/clients.ts';
import { login, sendVerificationCode, type VerificationAction } from '#contract/client/login.ts';
import { deleteTeam } from '#contract/client/teams.ts';
import type { TeamId, UserId } from '#contract/ids.ts';
import { patchFeature } from '#contract/internal/features.ts';
import { createSparUser } from '#contract/internal/logins.ts';
import { getUser, getVerificationCode, removeUser } from '#contract/internal/users.ts';
import { Refusal } from '#contract/refusal.ts';
import type { AuthenticatedUser } from '#contract/route.ts';
import { openMailServer } from '#testkit';
import { password, refused } from './brig-rig.ts';
import { newClient } from './clients-suite.ts';
import { openTeamsRig, type TeamsRig } from './teams-rig.ts';

/** A mailed code beside the password, where a team wants that (reference client-api 2.5, 2.7, 3.5, 9.3). */
export function secondFactorSuite(freshUrl: () => Promise<string>): void {
  const required = refused('code-authentication-required', 403);
  const failed = refused('code-authentication-failed', 403);

  async function openAskingTeam(rig: TeamsRig) {
    const { owner, team } = await rig.addOwner();
    await setAsking(rig, team, 'enabled');
    return { owner, team, email: await emailOf(rig, owner) };
  }
  const setAsking = (rig: TeamsRig, tid: TeamId, status: 'enabled' | 'disabled') =>
    rig.send(patchFeature, { params: { tid, feature: 'sndFactorPasswordChallenge' }, body: { status } });
  const emailOf = async (rig: TeamsRig, { userId: uid }: AuthenticatedUser) =>
    (await rig.send(getUser, { params: { uid } })).body.email ?? '';
  const ask = (rig: TeamsRig, email: string, action: VerificationAction = 'login') =>
    rig.send(sendVerificationCode, { body: { action, email } });
  const find = async (rig: TeamsRig, uid: UserId, action: VerificationAction = 'login') =>
    (await rig.send(getVerificationCode, { params: { uid, action } })).body;
  async function codeFor(rig: TeamsRig, user: AuthenticatedUser, action: VerificationAction = 'login') {
    await ask(rig, await emailOf(rig, user), action);
    return (await find(rig, user.userId, action)) ?? '';
  }
  const logIn = (rig: TeamsRig, email: string, code?: string, secret = password) =>
    rig.send(login, { body: { email, password: secret, verification_code: code ?? null } });
  const wrong = (code: string) => (code === '000000' ? '000001' : '000000');

  describe('a login where the team asks for a second factor', () => {
    it('takes the password with the mailed code, which is six digits', async () => {
      await using server = await openMailServer();
      const mail = { smtp: server.url, from: 'noreply@a.example.com' };
      await using rig = await openTeamsRig(await freshUrl(), {}, { mail });
      const { owner, email } = await openAskingTeam(rig);
      const code = await codeFor(rig, owner);
      assert.match(code, /^\d{6}$/);
      assert.match((await server.mailTo(email)).message, new RegExp(`the code to log in is ${code}`));
      assert.equal((await logIn(rig, email, code)).body.user, owner.userId);
    });

    it('is refused without the code, with another one, and with a wrong password', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, email } = await openAskingTeam(rig);
      await assert.rejects(logIn(rig, email, '123456'), failed);
      const code = await codeFor(rig, owner);
      await assert.rejects(logIn(rig, email), required);
      await assert.rejects(logIn(rig, email, wrong(code)), failed);
      await assert.rejects(logIn(rig, email, code, 'wrong-horse'), refused('invalid-credentials', 403));
      await logIn(rig, email, code);
    });

    it('asks for it only while the feature is on, and only members', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team, email } = await openAskingTeam(rig);
      const stranger = await emailOf(rig, await rig.addStranger());
      await logIn(rig, stranger);
      await setAsking(rig, team, 'disabled');
      await logIn(rig, email);
      for (const asker of [stranger, email, 'nobody@example.com', 'no e-mail']) await ask(rig, asker);
      assert.equal(await find(rig, owner.userId), null);
    });

    it('is not asked of who comes from an identity provider', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { team } = await openAskingTeam(rig);
      const userId = randomUUID() as UserId;
      const body = {
        newUserSparUUID: userId,
        newUserSparSSOId: { tenant: 'https://idp.example.com', subject: 'sam' },
        newUserSparDisplayName: 'Sam',
        newUserSparTeamId: team,
        newUserSparManagedBy: 'wire',
        newUserSparRole: 'member',
      };
      await rig.send(createSparUser, { body });
      const user = { userId, clientId: undefined, connectionId: '1' };
      assert.equal((await rig.send(addClientV6, { user, body: newClient() })).status, 201);
    });

    it('counts failures of it as failed logins', async () => {
      const settings = { failedLogins: { attempts: 3, windowSeconds: 60 } };
      await using rig = await openTeamsRig(await freshUrl(), {}, { settings });
      const { owner, email } = await openAskingTeam(rig);
      const code = await codeFor(rig, owner);
      await assert.rejects(logIn(rig, email), required);
      await assert.rejects(logIn(rig, email, wrong(code)), failed);
      await logIn(rig, email, code);
      await assert.rejects(logIn(rig, email, code, 'wrong-horse'), refused('invalid-credentials', 403));
      await assert.rejects(logIn(rig, email, code), refused('client-error', 403, /Too many failed logins/));
    });
  });

  describe('the code of a second factor', () => {
    it('is dead after three wrong ones, also when they come at once', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, email } = await openAskingTeam(rig);
      const code = await codeFor(rig, owner);
      const guesses = await Promise.allSettled([1, 2, 3].map(() => logIn(rig, email, wrong(code))));
      assert.ok(guesses.every(({ status }) => status === 'rejected'));
      await assert.rejects(logIn(rig, email, code), failed);
      assert.equal(await find(rig, owner.userId), null);
    });

    it('expires', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, email } = await openAskingTeam(rig);
      const code = await codeFor(rig, owner);
      rig.clock.now += 599_999;
      await logIn(rig, email, code);
      rig.clock.now += 1;
      await assert.rejects(logIn(rig, email, code), failed);
    });

    it('is not mailed again too soon, and then takes the place of the earlier one', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, email } = await openAskingTeam(rig);
      const first = await codeFor(rig, owner);
      rig.clock.now += 100_500;
      await assert.rejects(ask(rig, email), (error) => {
        refused('too-many-requests', 429)(error);
        assert.equal(error instanceof Refusal && error.details.headers?.['retry-after'], '200');
        return true;
      });
      await ask(rig, email, 'delete_team');
      assert.equal(await find(rig, owner.userId), first);
      rig.clock.now += 199_500;
      const second = await codeFor(rig, owner);
      if (second !== first) await assert.rejects(logIn(rig, email, first), failed);
      await logIn(rig, email, second);
    });

    it('is made once when two ask together', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { email } = await openAskingTeam(rig);
      const asked = await Promise.allSettled([ask(rig, email), ask(rig, email)]);
      assert.deepEqual(asked.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    });

    it('is good for its action alone, and goes with its user', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner, team, email } = await openAskingTeam(rig);
      const other = await codeFor(rig, owner, 'create_scim_token');
      await assert.rejects(logIn(rig, email, other), failed);
      const member = await rig.addMember(team, 'member');
      assert.match(await codeFor(rig, member), /^\d{6}$/);
      await rig.send(removeUser, { params: { uid: member.userId } });
      assert.equal(await find(rig, member.userId), null);
    });
  });

  describe('a client of a member of such a team', () => {
    it('registers with the code of the login, which is looked at before the password', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner: user, email } = await openAskingTeam(rig);
      const code = await codeFor(rig, user);
      await logIn(rig, email, code);
      const add = (more: object) => rig.send(addClientV6, { user, body: newClient(more) });
      await assert.rejects(add({}), required);
      await assert.rejects(add({ verification_code: wrong(code) }), failed);
      assert.equal((await add({ verification_code: code })).status, 201);
      await assert.rejects(add({ password: 'wrong-horse' }), required);
      await assert.rejects(add({ verification_code: code }), refused('missing-auth', 403));
      assert.equal((await add({ verification_code: code, password })).status, 201);
    });
  });

  describe('the deletion of such a team', () => {
    it('needs the code of that action beside the password', async () => {
      await using rig = await openTeamsRig(await freshUrl());
      const { owner: user, team } = await openAskingTeam(rig);
      const remove = (body: object) => rig.send(deleteTeam, { user, params: { tid: team }, body });
      const loginCode = await codeFor(rig, user);
      await assert.rejects(remove({ password }), required);
      await assert.rejects(remove({ password, verification_code: loginCode }), failed);
      const code = await codeFor(rig, user, 'delete_team');
      const guess = { password: 'wrong-horse', verification_code: code };
      await assert.rejects(remove(guess), refused('access-denied', 403));
      assert.equal((await remove({ password, verification_code: code })).status, 202);
    });
  });
}
