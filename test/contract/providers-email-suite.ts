import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import {
  activateProvider,
  completeProviderPasswordReset,
  getOwnProvider,
  putProviderEmail,
} from '#contract/client/providers.ts';
import type { ProviderId } from '#contract/ids.ts';
import type { AuthenticatedProvider } from '#contract/route.ts';
import { refused } from './brig-rig.ts';
import { type MailedCode, openProvidersRig, type ProvidersRig } from './providers-rig.ts';

/** Another address of a provider (reference openapi-v5, `/provider/email`). */
export function providerEmailSuite(freshUrl: () => Promise<string>): void {
  const email = 'makers@provider.example.com';
  const newEmail = 'new@provider.example.com';
  const ask = (rig: ProvidersRig, user: AuthenticatedProvider, to = newEmail) =>
    rig.send(putProviderEmail, { user, body: { email: to } });
  const activate = (rig: ProvidersRig, { key, code }: MailedCode) =>
    rig.send(activateProvider, { query: { key, code } });
  const emailOf = async (rig: ProvidersRig, user: AuthenticatedProvider) =>
    (await rig.send(getOwnProvider, { user })).body.email;
  const invalidCode = refused('invalid-code', 403);
  const unknown = refused('invalid-credentials', 403);

  describe('another address of a provider', () => {
    it('counts once the code that went there was given', async () => {
      await using rig = await openProvidersRig(await freshUrl());
      const provider = await rig.addProvider(email);
      assert.equal((await ask(rig, provider)).status, 202);
      const mailed = await rig.codeMailedTo(newEmail, 1);
      assert.equal(mailed.link, 'https://a.example.com/provider/activate');
      assert.equal(await emailOf(rig, provider), email);
      await assert.rejects(rig.logIn(newEmail), unknown);
      const answer = await activate(rig, mailed);
      assert.deepEqual(answer.body, { email: newEmail });
      assert.equal(await emailOf(rig, provider), newEmail);
      await assert.rejects(rig.logIn(email), unknown);
      assert.equal((await rig.logIn(newEmail)).provider, provider.provider);
      assert.equal(await rig.isSessionOpen(provider), true);
    });

    it('makes what went to the old one worthless', async () => {
      await using rig = await openProvidersRig(await freshUrl());
      const provider = await rig.addProvider(email);
      const { key, code } = await rig.forgetPassword(email, 2);
      await ask(rig, provider);
      await activate(rig, await rig.codeMailedTo(newEmail, 1));
      const reset = { key, code, password: 'another-horse' };
      await assert.rejects(rig.send(completeProviderPasswordReset, { body: reset }), invalidCode);
      await assert.rejects(activate(rig, await rig.codeMailedTo(email, 1)), invalidCode);
      assert.equal(await emailOf(rig, provider), newEmail);
    });

    it('is an address, nobody else’s, and of somebody', async () => {
      await using rig = await openProvidersRig(await freshUrl());
      const provider = await rig.addProvider(email);
      await rig.addProvider('others@provider.example.com');
      await assert.rejects(ask(rig, provider, 'no address'), refused('invalid-email', 400));
      const taken = ask(rig, provider, 'Others@provider.example.com');
      await assert.rejects(taken, refused('email-exists', 409));
      const nobody = { provider: randomUUID() as string as ProviderId, expiresAt: provider.expiresAt };
      await assert.rejects(ask(rig, nobody), refused('invalid-provider', 403));
    });

    it('is refused when another provider was faster', async () => {
      await using rig = await openProvidersRig(await freshUrl());
      const one = await rig.addProvider(email);
      const two = await rig.addProvider('others@provider.example.com');
      await ask(rig, one);
      await activate(rig, await rig.codeMailedTo(newEmail, 1));
      await assert.rejects(ask(rig, two), refused('email-exists', 409));
    });

    it('is mailed to once in five minutes, and the newest code counts, for a day', async () => {
      await using rig = await openProvidersRig(await freshUrl());
      const provider = await rig.addProvider(email);
      await ask(rig, provider);
      rig.clock.now += 299_999;
      await assert.rejects(ask(rig, provider), refused('too-many-requests', 429));
      await ask(rig, provider, 'third@provider.example.com');
      rig.clock.now += 1;
      await ask(rig, provider);
      await assert.rejects(activate(rig, await rig.codeMailedTo(newEmail, 1)), invalidCode);
      assert.equal((await activate(rig, await rig.codeMailedTo(newEmail, 2))).status, 200);
      rig.clock.now += 86_400_000;
      await assert.rejects(
        activate(rig, await rig.codeMailedTo('third@provider.example.com', 1)),
        invalidCode,
      );
    });
  });
}
