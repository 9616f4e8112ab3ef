import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { getActivate, postActivate, register, sendActivation } from '#contract/client/registration.ts';
import { getSelf } from '#contract/client/self.ts';
import { getActivationCode } from '#contract/internal/users.ts';
import { openRig, password, type Rig, refused } from './brig-rig.ts';

/** Reference client-api 2.4. */
export function activationSuite(freshUrl: () => Promise<string>): void {
  const email = 'alice@example.com';

  async function codeOf(rig: Rig, address = email) {
    return (await rig.send(getActivationCode, { query: { email: address } })).body;
  }

  async function registerPending(rig: Rig, address = email): Promise<string> {
    return (await rig.send(register, { body: { name: 'Alice', email: address, password } })).body.id;
  }

  function wrongFor(code: string): string {
    return code === '111111' ? '222222' : '111111';
  }

  describe('activation', () => {
    it('has six digits and a key that is the hash of the address', async () => {
      await using rig = await openRig(await freshUrl());
      await rig.send(sendActivation, { body: { email } });
      const { key, code } = await codeOf(rig);
      assert.match(code, /^\d{6}$/);
      // printf alice@example.com | openssl dgst -sha256 -binary | basenc --base64url
      assert.equal(key, '_42YGfwOEr8NJIkuRZh-JJoo3Og2qFytYOKOqqjG2XY=');
    });

    it('makes an account active the first time, changes nothing the second', async () => {
      await using rig = await openRig(await freshUrl());
      const userId = await registerPending(rig);
      await assert.rejects(rig.logIn(email), refused('pending-activation', 403));
      const query = await codeOf(rig);
      assert.deepEqual((await rig.send(getActivate, { query })).body, { email, first: true });
      assert.equal((await rig.send(getActivate, { query })).status, 204);
      const { user } = await rig.logIn(email);
      assert.equal(user.userId, userId);
      assert.equal((await rig.send(getSelf, { user })).body.email, email);
    });

    it('takes key or e-mail in a body', async () => {
      await using rig = await openRig(await freshUrl());
      await registerPending(rig);
      await registerPending(rig, 'bob@example.com');
      const { key, code } = await codeOf(rig);
      assert.equal((await rig.send(postActivate, { body: { key, code, dryrun: false } })).status, 200);
      const bob = await codeOf(rig, 'bob@example.com');
      const body = { email: 'Bob@example.com', code: bob.code, dryrun: false };
      assert.equal((await rig.send(postActivate, { body })).status, 200);
    });

    it('refuses a body without a target, and phone numbers', async () => {
      await using rig = await openRig(await freshUrl());
      const rest = { code: '123456', dryrun: true };
      await assert.rejects(rig.send(postActivate, { body: rest }), refused('bad-request', 400));
      const byPhone = rig.send(postActivate, { body: { ...rest, phone: '+4912345678' } });
      await assert.rejects(byPhone, refused('invalid-phone', 400));
      await assert.rejects(
        rig.send(sendActivation, { body: { phone: '+4912345678' } }),
        refused('invalid-phone', 400),
      );
      await assert.rejects(rig.send(sendActivation, { body: {} }), refused('bad-request', 400));
      await assert.rejects(rig.send(sendActivation, { body: { email: 'x' } }), refused('invalid-email', 400));
    });

    it('tries a code without effect in a dry run', async () => {
      await using rig = await openRig(await freshUrl());
      await registerPending(rig);
      const { key, code } = await codeOf(rig);
      assert.deepEqual(await rig.send(postActivate, { body: { key, code, dryrun: true } }), {
        status: 200,
        body: undefined,
      });
      await assert.rejects(rig.logIn(email), refused('pending-activation', 403));
      const wrong = { key, code: wrongFor(code), dryrun: true };
      await assert.rejects(rig.send(postActivate, { body: wrong }), refused('invalid-code', 404));
    });

    it('survives three wrong codes and is revoked by the fourth', async () => {
      await using rig = await openRig(await freshUrl());
      await registerPending(rig);
      const { key, code } = await codeOf(rig);
      const wrong = { key, code: wrongFor(code) };
      for (let attempt = 0; attempt < 3; attempt += 1) {
        await assert.rejects(rig.send(getActivate, { query: wrong }), refused('invalid-code', 404));
      }
      await rig.send(postActivate, { body: { key, code, dryrun: true } });
      await assert.rejects(rig.send(getActivate, { query: wrong }), refused('invalid-code', 404));
      await assert.rejects(rig.send(getActivate, { query: { key, code } }), refused('invalid-code', 404));
      await assert.rejects(codeOf(rig), refused('not-found', 404));
    });

    it('counts guesses that come at once', async () => {
      await using rig = await openRig(await freshUrl());
      await registerPending(rig);
      const { key, code } = await codeOf(rig);
      const wrong = { key, code: wrongFor(code) };
      await Promise.allSettled(Array.from({ length: 10 }, () => rig.send(getActivate, { query: wrong })));
      await assert.rejects(rig.send(getActivate, { query: { key, code } }), refused('invalid-code', 404));
    });

    it('runs out', async () => {
      await using rig = await openRig(await freshUrl(), { settings: { activationCodeSeconds: 10 } });
      await registerPending(rig);
      const query = await codeOf(rig);
      rig.clock.now += 10_000;
      await assert.rejects(rig.send(getActivate, { query }), refused('invalid-code', 404));
      await assert.rejects(rig.logIn(email), refused('invalid-credentials', 403));
    });

    it('mails the same code again while it lasts', async () => {
      await using rig = await openRig(await freshUrl());
      await registerPending(rig);
      const first = await codeOf(rig);
      await rig.send(sendActivation, { body: { email } });
      assert.deepEqual(await codeOf(rig), first);
    });

    it('is refused for an address that has an account, or may not have one', async () => {
      await using rig = await openRig(await freshUrl(), {
        settings: { blockedEmailDomains: ['blocked.example'], blacklistedEmails: ['eve@example.com'] },
      });
      await rig.addUser(email);
      const attempts: readonly [string, string, number][] = [
        ['alice+9@example.com', 'key-exists', 409],
        ['eve+1@example.com', 'blacklisted-email', 403],
        ['bob@Blocked.example', 'domain-blocked-for-registration', 451],
      ];
      for (const [address, label, status] of attempts) {
        await assert.rejects(rig.send(sendActivation, { body: { email: address } }), refused(label, status));
      }
    });

    it('fails when somebody else got the address meanwhile', async () => {
      await using rig = await openRig(await freshUrl());
      await registerPending(rig);
      const query = await codeOf(rig);
      await rig.addUser('Alice+1@example.com');
      await assert.rejects(rig.send(getActivate, { query }), refused('key-exists', 409));
    });

    it('of a code for which nobody has registered is no activation', async () => {
      await using rig = await openRig(await freshUrl());
      await rig.send(sendActivation, { body: { email } });
      await assert.rejects(rig.send(getActivate, { query: await codeOf(rig) }), refused('invalid-code', 404));
    });
  });
}
