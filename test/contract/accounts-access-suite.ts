import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { getCookies } from '#contract/client/cookies.ts';
import { access, logout, putAccessSelfEmail } from '#contract/client/login.ts';
import { getActivate, register } from '#contract/client/registration.ts';
import { getSelf } from '#contract/client/self.ts';
import { getActivationCode, putUserStatus } from '#contract/internal/users.ts';
import { openRig, refused, userOf, zuidOf } from './brig-rig.ts';

/** Reference client-api 2.6. */
export function accessSuite(freshUrl: () => Promise<string>): void {
  const email = 'alice@example.com';
  const day = 86_400_000;
  const query = { client_id: 'deadbeef' };

  describe('access', () => {
    it('is renewed by the cookie alone, without a new cookie and on a new connection', async () => {
      await using rig = await openRig(await freshUrl());
      await rig.addUser(email);
      const { zuid, user } = await rig.logIn(email);
      const answer = await rig.send(access, { zuid: [zuid] });
      assert.equal(answer.headers?.['set-cookie'], undefined);
      assert.equal(answer.body.user, user.userId);
      assert.notEqual(userOf(rig.brig, answer.body.access_token).connectionId, user.connectionId);
    });

    it('keeps the connection of an old access token, even an expired one', async () => {
      await using rig = await openRig(await freshUrl());
      await rig.addUser(email);
      const { zuid, accessToken, user } = await rig.logIn(email);
      rig.clock.now += 901_000;
      assert.equal(rig.brig.tokens.verify(accessToken), undefined);
      const answer = await rig.send(access, { zuid: [zuid], bearer: accessToken });
      assert.equal(userOf(rig.brig, answer.body.access_token).connectionId, user.connectionId);
    });

    it('takes the access token from the query as well', async () => {
      await using rig = await openRig(await freshUrl());
      await rig.addUser(email);
      const { zuid, accessToken, user } = await rig.logIn(email);
      const answer = await rig.send(access, { zuid: [zuid], query: { access_token: accessToken } });
      assert.equal(userOf(rig.brig, answer.body.access_token).connectionId, user.connectionId);
    });

    it('takes the first good one of several cookies', async () => {
      await using rig = await openRig(await freshUrl());
      await rig.addUser(email);
      const { zuid } = await rig.logIn(email);
      const falsified = zuid.replace(/r=[0-9a-f]+/, 'r=1');
      await rig.send(access, { zuid: ['no token', falsified, zuid] });
    });

    it('is refused to who has no good cookie, each in its way', async () => {
      await using rig = await openRig(await freshUrl());
      await rig.addUser(email);
      await rig.addUser('bob@example.com');
      const alice = await rig.logIn(email);
      const bob = await rig.logIn('bob@example.com');
      const attempts: readonly [Parameters<typeof rig.send>[1], string, RegExp][] = [
        [{}, 'invalid-credentials', /Missing cookie and token/],
        [{ bearer: alice.accessToken }, 'invalid-credentials', /Missing cookie/],
        [{ zuid: ['no token'] }, 'client-error', /Invalid user token/],
        [{ zuid: [alice.accessToken] }, 'client-error', /Invalid user token/],
        [{ zuid: [alice.zuid.replace(/r=[0-9a-f]+/, 'r=1')] }, 'invalid-credentials', /Invalid zauth token/],
        [{ zuid: [alice.zuid], bearer: bob.accessToken }, 'invalid-credentials', /not of one user/],
        [{ zuid: [alice.zuid], bearer: bob.zuid }, 'invalid-credentials', /Authorization/],
        [{ zuid: [alice.zuid], bearer: 'no token' }, 'invalid-credentials', /Authorization/],
        [{ zuid: [alice.zuid], authorization: 'Basic x' }, 'invalid-credentials', /Authorization/],
        [
          { zuid: [alice.zuid], bearer: alice.accessToken.replace(/c=\d+/, 'c=1') },
          'invalid-credentials',
          /Invalid zauth token/,
        ],
      ];
      for (const [request, label, message] of attempts) {
        await assert.rejects(rig.send(access, request), refused(label, 403, message));
      }
    });

    it('is refused when the cookie has expired or was revoked', async () => {
      await using rig = await openRig(await freshUrl());
      const { userId } = await rig.addUser(email);
      const { zuid } = await rig.logIn(email, false);
      const suspended = await rig.logIn(email);
      rig.clock.now += day;
      await assert.rejects(rig.send(access, { zuid: [zuid] }), refused('invalid-credentials', 403));
      rig.clock.now += 1000;
      await assert.rejects(
        rig.send(access, { zuid: [zuid] }),
        refused('invalid-credentials', 403, /^Token expired$/),
      );
      await rig.send(putUserStatus, { params: { uid: userId }, body: { status: 'suspended' } });
      await assert.rejects(rig.send(access, { zuid: [suspended.zuid] }), refused('invalid-credentials', 403));
    });

    it('is refused to an ephemeral user whose time is over', async () => {
      await using rig = await openRig(await freshUrl());
      const zuid = zuidOf(await rig.send(register, { body: { name: 'Guest', expires_in: 60 } })) ?? '';
      await rig.send(access, { zuid: [zuid] });
      rig.clock.now += 60_000;
      await assert.rejects(rig.send(access, { zuid: [zuid] }), refused('invalid-credentials', 403));
    });
  });

  describe('cookie renewal', () => {
    it('waits for the renew age, then gives a successor while the old one lives on for as long', async () => {
      await using rig = await openRig(await freshUrl(), { settings: { cookieRenewAgeSeconds: 100 } });
      const user = await rig.addUser(email);
      const { zuid } = await rig.logIn(email, true, 'web');
      rig.clock.now += 100_000;
      assert.equal(zuidOf(await rig.send(access, { zuid: [zuid] })), undefined);
      rig.clock.now += 1000;
      const renewed = zuidOf(await rig.send(access, { zuid: [zuid] }));
      assert.notEqual(renewed, undefined);
      assert.notEqual(renewed, zuid);
      const again = zuidOf(await rig.send(access, { zuid: [zuid] }));
      assert.equal(again, renewed);
      const { cookies } = (await rig.send(getCookies, { user })).body;
      assert.deepEqual(
        cookies.map(({ label, successor }) => [label, successor]),
        [
          ['web', cookies[1]?.id],
          ['web', null],
        ],
      );
      rig.clock.now += 100_000;
      await assert.rejects(rig.send(access, { zuid: [zuid] }), refused('invalid-credentials', 403));
      await rig.send(access, { zuid: [renewed ?? ''] });
    });

    it('never happens to session cookies by age', async () => {
      await using rig = await openRig(await freshUrl(), { settings: { cookieRenewAgeSeconds: 100 } });
      await rig.addUser(email);
      const { zuid } = await rig.logIn(email, false);
      rig.clock.now += 200_000;
      assert.equal(zuidOf(await rig.send(access, { zuid: [zuid] })), undefined);
    });

    it('gives renewals that come at once the same successor', async () => {
      await using rig = await openRig(await freshUrl(), { settings: { cookieRenewAgeSeconds: 100 } });
      await rig.addUser(email);
      const { zuid } = await rig.logIn(email);
      rig.clock.now += 101_000;
      const answers = await Promise.all(Array.from({ length: 6 }, () => rig.send(access, { zuid: [zuid] })));
      assert.equal(new Set(answers.map(zuidOf)).size, 1);
    });
  });

  describe('binding to a client', () => {
    it('gives a new cookie and a token with the client, and later calls keep it', async () => {
      await using rig = await openRig(await freshUrl());
      await rig.addClients(await rig.addUser(email), 'deadbeef');
      const { zuid } = await rig.logIn(email);
      const bound = await rig.send(access, { zuid: [zuid], query: { client_id: 'DEADBEEF' } });
      const cookie = zuidOf(bound) ?? '';
      assert.match(cookie, /\.i=deadbeef$/);
      assert.equal(userOf(rig.brig, bound.body.access_token).clientId, 'deadbeef');
      const later = await rig.send(access, { zuid: [cookie] });
      assert.equal(zuidOf(later), undefined);
      assert.equal(userOf(rig.brig, later.body.access_token).clientId, 'deadbeef');
      assert.equal(zuidOf(await rig.send(access, { zuid: [cookie], query })), undefined);
    });

    it('lets a caller that keeps its first cookie go on with it, bound or not', async () => {
      await using rig = await openRig(await freshUrl());
      await rig.addClients(await rig.addUser(email), 'deadbeef', 'cafe');
      const { zuid } = await rig.logIn(email);
      const first = zuidOf(await rig.send(access, { zuid: [zuid], query }));
      const unbound = await rig.send(access, { zuid: [zuid] });
      assert.equal(userOf(rig.brig, unbound.body.access_token).clientId, undefined);
      assert.equal(zuidOf(await rig.send(access, { zuid: [zuid], query })), first);
      const other = await rig.send(access, { zuid: [zuid], query: { client_id: 'cafe' } });
      assert.equal(userOf(rig.brig, other.body.access_token).clientId, 'cafe');
      assert.notEqual(zuidOf(other), first);
    });

    it('works for session cookies, which stay session cookies', async () => {
      await using rig = await openRig(await freshUrl());
      await rig.addClients(await rig.addUser(email), 'deadbeef');
      const { zuid } = await rig.logIn(email, false);
      const bound = await rig.send(access, { zuid: [zuid], query });
      assert.match(zuidOf(bound) ?? '', /\.l=s\..*\.i=deadbeef$/);
      assert.doesNotMatch(bound.headers?.['set-cookie'] ?? '', /Expires/);
    });

    it('is refused for clients that the user has not, and for a cookie bound to another', async () => {
      await using rig = await openRig(await freshUrl());
      await rig.addClients(await rig.addUser(email), 'deadbeef', 'cafe');
      const { zuid } = await rig.logIn(email);
      const unknown = rig.send(access, { zuid: [zuid], query: { client_id: 'beef' } });
      await assert.rejects(unknown, refused('invalid-credentials', 403, /client_id/));
      const malformed = rig.send(access, { zuid: [zuid], query: { client_id: 'xyz' } });
      await assert.rejects(malformed, refused('bad-request', 400, /client_id/));
      const bound = zuidOf(await rig.send(access, { zuid: [zuid], query })) ?? '';
      const other = rig.send(access, { zuid: [bound], query: { client_id: 'cafe' } });
      await assert.rejects(other, refused('invalid-credentials', 403, /found cafe, expected deadbeef/));
    });
  });

  describe('logout', () => {
    it('revokes the cookie and makes the user agent forget it', async () => {
      await using rig = await openRig(await freshUrl());
      await rig.addUser(email);
      const { zuid, accessToken } = await rig.logIn(email);
      const kept = await rig.logIn(email);
      const answer = await rig.send(logout, { zuid: [zuid], bearer: accessToken });
      assert.equal(
        answer.headers?.['set-cookie'],
        'zuid=; Path=/access; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure',
      );
      await assert.rejects(rig.send(access, { zuid: [zuid] }), refused('invalid-credentials', 403));
      await rig.send(access, { zuid: [kept.zuid] });
    });

    it('needs both credentials', async () => {
      await using rig = await openRig(await freshUrl());
      await rig.addUser(email);
      const { zuid, accessToken } = await rig.logIn(email);
      await assert.rejects(
        rig.send(logout, { zuid: [zuid] }),
        refused('invalid-credentials', 403, /Missing token/),
      );
      await assert.rejects(rig.send(logout, { bearer: accessToken }), refused('invalid-credentials', 403));
      await rig.send(access, { zuid: [zuid] });
    });
  });

  describe('another e-mail', () => {
    it('counts once its code was given; the old one is free then', async () => {
      await using rig = await openRig(await freshUrl());
      await rig.addUser(email);
      const { zuid, accessToken, user } = await rig.logIn(email);
      const ask = (address: string) =>
        rig.send(putAccessSelfEmail, { zuid: [zuid], bearer: accessToken, body: { email: address } });
      assert.equal((await ask(email)).status, 204);
      assert.equal((await ask('new@example.com')).status, 202);
      assert.equal((await rig.send(getSelf, { user })).body.email, email);
      const code = await rig.send(getActivationCode, { query: { email: 'new@example.com' } });
      const activated = await rig.send(getActivate, { query: code.body });
      assert.deepEqual(activated.body, { email: 'new@example.com', first: false });
      assert.equal((await rig.send(getSelf, { user })).body.email, 'new@example.com');
      await assert.rejects(rig.logIn(email), refused('invalid-credentials', 403));
      await rig.logIn('new@example.com');
      await rig.addUser(email);
    });

    it('is refused when it is wrong, taken, or asked for without both credentials', async () => {
      await using rig = await openRig(await freshUrl(), {
        settings: { blacklistedEmails: ['eve@example.com'] },
      });
      await rig.addUser(email);
      await rig.addUser('bob@example.com');
      const { zuid, accessToken } = await rig.logIn(email);
      const attempts: readonly [string, string, number][] = [
        ['x', 'invalid-email', 400],
        ['Bob+1@example.com', 'key-exists', 409],
        ['eve@example.com', 'blacklisted-email', 403],
      ];
      for (const [address, label, status] of attempts) {
        const request = { zuid: [zuid], bearer: accessToken, body: { email: address } };
        await assert.rejects(rig.send(putAccessSelfEmail, request), refused(label, status));
      }
      const alone = rig.send(putAccessSelfEmail, { zuid: [zuid], body: { email: 'new@example.com' } });
      await assert.rejects(alone, refused('invalid-credentials', 403));
    });
  });
}
