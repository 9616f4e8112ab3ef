import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { getCookies, removeCookies } from '#contract/client/cookies.ts';
import {
  access,
  completePasswordReset,
  completePasswordResetByKey,
  login,
  postPasswordReset,
  sendLoginCode,
  sendVerificationCode,
} from '#contract/client/login.ts';
import { register } from '#contract/client/registration.ts';
import { headSelfPassword, putSelfPassword } from '#contract/client/self.ts';
import { getPasswordResetCode, putUserHandle, putUserStatus } from '#contract/internal/users.ts';
import { Refusal } from '#contract/refusal.ts';
import { openRig, password, type Rig, refused, zuidOf } from './brig-rig.ts';

/** Reference client-api 2.2, 2.5, 2.7. */
export function loginSuite(freshUrl: () => Promise<string>): void {
  const email = 'alice@example.com';

  async function labelsOf(rig: Rig, user: Awaited<ReturnType<Rig['addUser']>>) {
    return (await rig.send(getCookies, { user })).body.cookies.map(({ label }) => label);
  }

  describe('login', () => {
    it('by e-mail or handle answers a token and sets a cookie', async () => {
      await using rig = await openRig(await freshUrl());
      const { userId } = await rig.addUser(email);
      await rig.send(putUserHandle, { params: { uid: userId }, body: { handle: 'alice' } });
      for (const identity of [{ email }, { email: 'Alice+1@example.com' }, { handle: 'alice' }]) {
        const answer = await rig.send(login, { body: { ...identity, password } });
        assert.equal(answer.body.user, userId);
        assert.equal(answer.body.token_type, 'Bearer');
        assert.equal(answer.body.expires_in, 900);
        const token = rig.brig.tokens.verify(answer.body.access_token);
        assert.equal(token?.type, 'a');
        assert.equal(token?.clientId, undefined);
        assert.equal(token?.expiresAt, rig.clock.now / 1000 + 900);
        assert.notEqual(zuidOf(answer), undefined);
      }
    });

    it('sets a cookie with Expires when it is to persist, one for the session otherwise', async () => {
      await using rig = await openRig(await freshUrl(), { settings: { secureCookies: false } });
      await rig.addUser(email);
      const cookie = async (query: Record<string, string>) =>
        (await rig.send(login, { query, body: { email, password } })).headers?.['set-cookie'];
      const expires = new Date(rig.clock.now + 28 * 86_400_000).toUTCString();
      assert.match(
        (await cookie({ persist: 'true' })) ?? '',
        new RegExp(`^zuid=[^;]+\\.l=\\.[^;]+; Path=/access; Expires=${expires}; HttpOnly$`),
      );
      for (const query of [{ persist: 'false' }, {}]) {
        assert.match(
          (await cookie(query as Record<string, string>)) ?? '',
          /^zuid=[^;]+\.l=s\.[^;]+; Path=\/access; HttpOnly$/,
        );
      }
      await assert.rejects(cookie({ persist: 'maybe' }), refused('bad-request', 400));
    });

    it('refuses unknown identities and wrong passwords in one way, with the text that clients look for', async () => {
      await using rig = await openRig(await freshUrl());
      await rig.addUser(email);
      const attempts = [
        { email, password: 'wrong-horse' },
        { email: 'nobody@example.com', password },
        { email: 'not an e-mail', password },
        { handle: 'nobody', password },
        { phone: '+4912345678', password },
        { phone: '+4912345678', code: '123456' },
      ];
      for (const body of attempts) {
        await assert.rejects(
          rig.send(login, { body }),
          refused('invalid-credentials', 403, /^Authentication failed\.$/),
        );
      }
    });

    it('refuses bodies without exactly one identity, and login codes', async () => {
      await using rig = await openRig(await freshUrl());
      await assert.rejects(rig.send(login, { body: { password } }), refused('bad-request', 400));
      const both = { email, handle: 'alice', password };
      await assert.rejects(rig.send(login, { body: both }), refused('bad-request', 400, /email and handle/));
      await assert.rejects(
        rig.send(login, { body: { email, password: 'short' } }),
        refused('bad-request', 400),
      );
      await assert.rejects(
        rig.send(sendLoginCode, { body: { phone: '+4912345678' } }),
        refused('invalid-phone', 400),
      );
    });

    it('refuses suspended and ephemeral accounts after a right password only', async () => {
      await using rig = await openRig(await freshUrl());
      const { userId } = await rig.addUser(email);
      const status = { params: { uid: userId }, body: { status: 'suspended' } };
      await rig.send(putUserStatus, status);
      await assert.rejects(rig.logIn(email), refused('suspended', 403));
      const wrong = rig.send(login, { body: { email, password: 'wrong-horse' } });
      await assert.rejects(wrong, refused('invalid-credentials', 403));
      await rig.send(putUserStatus, { ...status, body: { status: 'active' } });
      await rig.logIn(email);
      const guest = await rig.send(register, { body: { name: 'Guest', password } });
      await rig.send(putUserHandle, { params: { uid: guest.body.id }, body: { handle: 'guest' } });
      const asGuest = rig.send(login, { body: { handle: 'guest', password } });
      await assert.rejects(asGuest, refused('ephemeral', 403));
    });

    it('takes no password any more when the budget of failures is used up, and says until when', async () => {
      await using rig = await openRig(await freshUrl(), {
        settings: { failedLogins: { attempts: 5, windowSeconds: 5 } },
      });
      await rig.addUser(email);
      await rig.addUser('bob@example.com');
      const fail = () => rig.send(login, { body: { email, password: 'wrong-horse' } });
      await rig.logIn(email);
      for (let attempt = 0; attempt < 5; attempt += 1) {
        await assert.rejects(fail(), refused('invalid-credentials', 403));
      }
      await assert.rejects(rig.logIn(email), (error) => {
        refused('client-error', 403, /Too many failed logins/)(error);
        assert.equal(error instanceof Refusal && error.details.headers?.['retry-after'], '5');
        return true;
      });
      await rig.logIn('bob@example.com');
      rig.clock.now += 5000;
      await rig.logIn(email);
    });

    it('counts wrong passwords that come at once', async () => {
      await using rig = await openRig(await freshUrl(), {
        settings: { failedLogins: { attempts: 3, windowSeconds: 60 } },
      });
      await rig.addUser(email);
      const results = await Promise.allSettled(
        Array.from({ length: 8 }, () => rig.send(login, { body: { email, password: 'wrong-horse' } })),
      );
      const labels = results.map((result) => (result.status === 'rejected' ? result.reason.label : 'ok'));
      assert.equal(labels.filter((label) => label === 'invalid-credentials').length, 3);
    });

    it('evicts the oldest cookie of the type beyond the limit', async () => {
      await using rig = await openRig(await freshUrl(), { settings: { cookieLimit: 3 } });
      const user = await rig.addUser(email);
      await rig.logIn(email, false, 'session');
      for (const label of ['1', '2', '3', '4']) {
        await rig.logIn(email, true, label);
        rig.clock.now += 1000;
      }
      assert.deepEqual(await labelsOf(rig, user), ['session', '2', '3', '4']);
    });

    it('keeps within the limit when logins come at once', async () => {
      await using rig = await openRig(await freshUrl(), { settings: { cookieLimit: 3 } });
      const user = await rig.addUser(email);
      await Promise.all(Array.from({ length: 8 }, () => rig.logIn(email)));
      assert.equal((await labelsOf(rig, user)).length, 3);
    });

    it('has to wait when cookies come too close together, if the operator wants that', async () => {
      await using rig = await openRig(await freshUrl(), {
        settings: { cookieLimit: 2, cookieThrottle: { minDeviationSeconds: 5, retryAfterSeconds: 3 } },
      });
      await rig.addUser(email);
      await rig.logIn(email);
      await rig.logIn(email);
      await assert.rejects(rig.logIn(email), (error) => {
        refused('client-error', 429, /Logins too frequent/)(error);
        assert.equal(error instanceof Refusal && error.details.headers?.['retry-after'], '3');
        return true;
      });
      rig.clock.now += 3000;
      await rig.logIn(email);
    });

    it('suspends an account that was left alone for too long, if the operator wants that', async () => {
      await using rig = await openRig(await freshUrl(), { settings: { suspendInactiveSeconds: 10 } });
      await rig.addUser(email);
      await rig.addUser('bob@example.com');
      await rig.logIn(email);
      const bob = await rig.logIn('bob@example.com');
      rig.clock.now += 10_000;
      await rig.logIn(email);
      await rig.send(access, { zuid: [bob.zuid] });
      rig.clock.now += 10_001;
      await assert.rejects(rig.logIn(email), refused('suspended', 403));
      const renewal = rig.send(access, { zuid: [bob.zuid] });
      await assert.rejects(renewal, refused('invalid-credentials', 403, /^Token expired$/));
      await assert.rejects(rig.logIn('bob@example.com'), refused('suspended', 403));
    });

    it('with a second factor asks for none, and mails none', async () => {
      await using rig = await openRig(await freshUrl());
      await rig.addUser(email);
      await rig.send(login, { body: { email, password, verification_code: '123456' } });
      await rig.send(sendVerificationCode, { body: { action: 'login', email: 'nobody@example.com' } });
      const unknown = rig.send(sendVerificationCode, { body: { action: 'dance', email } });
      await assert.rejects(unknown, refused('bad-request', 400));
    });

    it('with a label used before leaves the older cookie alone', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(email);
      const { zuid } = await rig.logIn(email, true, 'web');
      await rig.logIn(email, true, 'web');
      assert.deepEqual(await labelsOf(rig, user), ['web', 'web']);
      await rig.send(access, { zuid: [zuid] });
    });
  });

  describe('cookies', () => {
    it('are listed whole, or by label', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(email);
      await rig.logIn(email, true, 'one');
      await rig.logIn(email, false, 'two');
      const { cookies } = (await rig.send(getCookies, { user, query: { labels: 'one,three' } })).body;
      const { now } = rig.clock;
      assert.deepEqual(cookies, [
        {
          id: cookies[0]?.id,
          type: 'persistent',
          created: new Date(now).toISOString(),
          expires: new Date(now + 28 * 86_400_000).toISOString(),
          label: 'one',
          successor: null,
        },
      ]);
      rig.clock.now += 86_400_000;
      assert.deepEqual(await labelsOf(rig, user), ['one']);
    });

    it('are removed by id, by label, or all', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(email);
      for (const label of ['a', 'b', 'c', 'd']) await rig.logIn(email, true, label);
      const { cookies } = (await rig.send(getCookies, { user, query: { labels: 'a' } })).body;
      await rig.send(removeCookies, { user, body: { password, ids: [cookies[0]?.id], labels: ['c', 'x'] } });
      assert.deepEqual((await labelsOf(rig, user)).toSorted(), ['b', 'd']);
      await rig.send(removeCookies, { user, body: { password, ids: [] } });
      assert.deepEqual(await labelsOf(rig, user), []);
    });

    it('are not removed with a wrong password, nor those of another user', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(email);
      await rig.addUser('bob@example.com');
      const bob = await rig.logIn('bob@example.com');
      const wrong = rig.send(removeCookies, { user, body: { password: 'wrong-horse' } });
      await assert.rejects(wrong, refused('invalid-credentials', 403));
      await rig.send(removeCookies, { user, body: { password } });
      await rig.send(access, { zuid: [bob.zuid] });
    });
  });

  describe('passwords', () => {
    it('change with the old one, which revokes every cookie', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(email);
      const { zuid } = await rig.logIn(email);
      await rig.send(putSelfPassword, {
        user,
        body: { old_password: password, new_password: 'battery-staple' },
      });
      await assert.rejects(rig.send(access, { zuid: [zuid] }), refused('invalid-credentials', 403));
      await assert.rejects(rig.logIn(email), refused('invalid-credentials', 403));
      await rig.send(login, { body: { email, password: 'battery-staple' } });
    });

    it('do not change with a wrong old one, to the same one, or without an identity', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(email);
      const change = (body: object, who = user) => rig.send(putSelfPassword, { user: who, body });
      const fresh = { new_password: 'battery-staple' };
      await assert.rejects(change(fresh), refused('invalid-credentials', 403));
      await assert.rejects(
        change({ ...fresh, old_password: 'wrong-horse' }),
        refused('invalid-credentials', 403),
      );
      const same = { old_password: password, new_password: password };
      await assert.rejects(change(same), refused('password-must-differ', 409));
      await assert.rejects(change({ ...fresh, new_password: 'short77' }), refused('bad-request', 400));
      const guest = await rig.send(register, { body: { name: 'Guest' } });
      await assert.rejects(change(fresh, { ...user, userId: guest.body.id }), refused('no-identity', 403));
    });

    it('tell whether one is set', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(email);
      assert.equal((await rig.send(headSelfPassword, { user })).status, 200);
      const guest = await rig.send(register, { body: { name: 'Guest' } });
      const asGuest = rig.send(headSelfPassword, { user: { ...user, userId: guest.body.id } });
      await assert.rejects(asGuest, refused('not-found', 404));
    });

    it('are reset by a mailed code once, which revokes every cookie', async () => {
      await using rig = await openRig(await freshUrl());
      await rig.addUser(email);
      const { zuid } = await rig.logIn(email);
      assert.equal((await rig.send(postPasswordReset, { body: { email } })).status, 201);
      await assert.rejects(rig.send(postPasswordReset, { body: { email } }), refused('code-exists', 409));
      const { key, code } = (await rig.send(getPasswordResetCode, { query: { email } })).body;
      const body = { key, code, password: 'battery-staple' };
      await assert.rejects(
        rig.send(completePasswordReset, { body: { ...body, password } }),
        refused('password-must-differ', 409),
      );
      await rig.send(completePasswordReset, { body });
      await assert.rejects(rig.send(completePasswordReset, { body }), refused('invalid-code', 400));
      await assert.rejects(rig.send(access, { zuid: [zuid] }), refused('invalid-credentials', 403));
      await rig.send(login, { body: { email, password: 'battery-staple' } });
    });

    it('are reset by e-mail and code as well', async () => {
      await using rig = await openRig(await freshUrl());
      await rig.addUser(email);
      await rig.send(postPasswordReset, { body: { email } });
      const { code } = (await rig.send(getPasswordResetCode, { query: { email } })).body;
      await rig.send(completePasswordReset, { body: { email, code, password: 'battery-staple' } });
      await rig.send(login, { body: { email, password: 'battery-staple' } });
    });

    it('are reset at the address of the key as well, as older clients do', async () => {
      await using rig = await openRig(await freshUrl());
      await rig.addUser(email);
      await rig.send(postPasswordReset, { body: { email } });
      const { key, code } = (await rig.send(getPasswordResetCode, { query: { email } })).body;
      const reset = (given: string) =>
        rig.send(completePasswordResetByKey, {
          params: { key },
          body: { code: given, password: 'battery-staple' },
        });
      await assert.rejects(reset('wrong'), refused('invalid-code', 400));
      await reset(code);
      await rig.send(login, { body: { email, password: 'battery-staple' } });
    });

    it('are not reset for unknown addresses, with wrong codes, or too late', async () => {
      await using rig = await openRig(await freshUrl(), { settings: { passwordResetSeconds: 60 } });
      await rig.addUser(email);
      for (const body of [{ email: 'nobody@example.com' }, { phone: '+4912345678' }, {}]) {
        await assert.rejects(rig.send(postPasswordReset, { body }), refused('invalid-key', 400));
      }
      await rig.send(postPasswordReset, { body: { email } });
      const { key, code } = (await rig.send(getPasswordResetCode, { query: { email } })).body;
      const wrong = { key, code: 'wrong', password: 'battery-staple' };
      for (let attempt = 0; attempt < 3; attempt += 1) {
        await assert.rejects(rig.send(completePasswordReset, { body: wrong }), refused('invalid-code', 400));
      }
      const late = rig.send(completePasswordReset, { body: { ...wrong, code } });
      await assert.rejects(late, refused('invalid-code', 400));
      await rig.send(postPasswordReset, { body: { email } });
      rig.clock.now += 60_000;
      await assert.rejects(rig.send(getPasswordResetCode, { query: { email } }), refused('invalid-key', 400));
      await rig.send(postPasswordReset, { body: { email } });
    });
  });
}
