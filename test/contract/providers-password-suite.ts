import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  activateProvider,
  completeProviderPasswordReset,
  postProviderPasswordReset,
} from '#contract/client/providers.ts';
import { Refusal } from '#contract/refusal.ts';
import { password, refused } from './brig-rig.ts';
import { type MailedCode, openProvidersRig, type ProvidersRig } from './providers-rig.ts';

/** A new password for a provider that has forgotten its own (reference openapi-v5, `/provider/password-reset`). */
export function providerPasswordSuite(freshUrl: () => Promise<string>): void {
  const email = 'makers@provider.example.com';
  const newPassword = 'another-horse';
  const begin = (rig: ProvidersRig, of: string = email) =>
    rig.send(postProviderPasswordReset, { body: { email: of } });
  const complete = (
    rig: ProvidersRig,
    { key, code }: Pick<MailedCode, 'key' | 'code'>,
    secret = newPassword,
  ) => rig.send(completeProviderPasswordReset, { body: { key, code, password: secret } });
  const invalidCode = refused('invalid-code', 403);

  /** Makes a check for `assert.rejects`: a refusal with this label, for so many seconds. */
  const refusedFor = (label: string, status: number, seconds: number) => (error: unknown) => {
    assert.equal(error instanceof Refusal && error.details.headers?.['retry-after'], String(seconds));
    return refused(label, status)(error);
  };

  describe('a provider that has forgotten its password', () => {
    it('sets a new one by the code that it is mailed, once', async () => {
      await using rig = await openProvidersRig(await freshUrl());
      await rig.addProvider(email);
      const mailed = await rig.forgetPassword(email, 2);
      assert.equal(mailed.link, 'https://a.example.com/provider/password-reset');
      await rig.logIn(email);
      assert.equal((await complete(rig, mailed)).status, 200);
      await assert.rejects(rig.logIn(email), refused('invalid-credentials', 403));
      await rig.logIn(email, newPassword);
      await assert.rejects(complete(rig, mailed, 'a-third-horse'), invalidCode);
    });

    it('is known by its address, which somebody has activated', async () => {
      await using rig = await openProvidersRig(await freshUrl());
      await assert.rejects(begin(rig), refused('invalid-credentials', 403));
      await assert.rejects(begin(rig, 'no address'), refused('invalid-email', 400));
      await rig.addProvider(email);
      assert.equal((await begin(rig, 'Makers@Provider.example.com')).status, 201);
    });

    it('does not set the old one, and may try again', async () => {
      await using rig = await openProvidersRig(await freshUrl());
      await rig.addProvider(email);
      const mailed = await rig.forgetPassword(email, 2);
      await assert.rejects(complete(rig, mailed, password), refused('password-must-differ', 409));
      await assert.rejects(complete(rig, mailed, 'short'), refused('bad-request', 400));
      await complete(rig, mailed);
    });

    it('has three tries, and no other code while the first one lasts', async () => {
      await using rig = await openProvidersRig(await freshUrl());
      await rig.addProvider(email);
      const { key, code } = await rig.forgetPassword(email, 2);
      for (let tries = 0; tries < 3; tries += 1) {
        await assert.rejects(complete(rig, { key, code: 'none' }), invalidCode);
      }
      await assert.rejects(complete(rig, { key, code }), invalidCode);
      rig.clock.now += 600_000;
      await assert.rejects(begin(rig), refusedFor('code-exists', 409, 3000));
      await rig.logIn(email);
    });

    it('uses the code within an hour, or asks for another', async () => {
      await using rig = await openProvidersRig(await freshUrl());
      await rig.addProvider(email);
      const late = await rig.forgetPassword(email, 2);
      rig.clock.now += 3600_000;
      await assert.rejects(complete(rig, late), invalidCode);
      const mailed = await rig.forgetPassword(email, 3);
      await assert.rejects(complete(rig, late), invalidCode);
      await complete(rig, mailed);
    });

    it('is not mailed again and again, not even when each code is used', async () => {
      await using rig = await openProvidersRig(await freshUrl());
      await rig.addProvider(email);
      await complete(rig, await rig.forgetPassword(email, 2));
      rig.clock.now += 100_000;
      await assert.rejects(begin(rig), refusedFor('too-many-requests', 429, 200));
      rig.clock.now += 200_000;
      await complete(rig, await rig.forgetPassword(email, 3), password);
    });

    it('needs a code that was made for this', async () => {
      await using rig = await openProvidersRig(await freshUrl());
      await rig.addProvider(email);
      await assert.rejects(complete(rig, await rig.codeMailedTo(email, 1)), invalidCode);
      const { key, code } = await rig.forgetPassword(email, 2);
      await assert.rejects(rig.send(activateProvider, { query: { key, code } }), invalidCode);
    });
  });

  describe('the sessions of a provider', () => {
    it('end when a code sets its password; those of others and later ones do not', async () => {
      await using rig = await openProvidersRig(await freshUrl());
      const old = await rig.addProvider(email);
      const other = await rig.addProvider('others@provider.example.com');
      const mailed = await rig.forgetPassword(email, 2);
      assert.equal(await rig.isSessionOpen(old), true);
      await complete(rig, mailed);
      const renewed = await rig.logIn(email, newPassword);
      const seen = await Promise.all([old, other, renewed].map((caller) => rig.isSessionOpen(caller)));
      assert.deepEqual(seen, [false, true, true]);
    });

    it('end too when they have begun right after others were ended', async () => {
      await using rig = await openProvidersRig(await freshUrl());
      const first = await rig.addProvider(email);
      await complete(rig, await rig.forgetPassword(email, 2));
      const second = await rig.logIn(email, newPassword);
      rig.clock.now += 300_000;
      await complete(rig, await rig.forgetPassword(email, 3), password);
      const third = await rig.logIn(email);
      const seen = await Promise.all([first, second, third].map((caller) => rig.isSessionOpen(caller)));
      assert.deepEqual(seen, [false, false, true]);
    });
  });
}
