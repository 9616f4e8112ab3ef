import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { getFeatureConfigs, getTeamFeature } from '#contract/client/features.ts';
import { deleteLegalholdSettings, getLegalholdSettings } from '#contract/client/legalhold.ts';
import { getTeamMember } from '#contract/client/teams.ts';
import * as internal from '#contract/internal/legalhold.ts';
import type { AuthenticatedUser } from '#contract/route.ts';
import { openLegalholdService } from '#testkit';
import { password, refused } from './brig-rig.ts';
import { type LegalholdRig, openHeldTeam, openLegalholdRig } from './legalhold-rig.ts';

const byList = { settings: { legalhold: 'whitelist-teams-and-implicit-consent' } } as const;

/** Which teams have legal hold, and by which service (reference client-api 9.2 and 9.4). */
export function legalholdServiceSuite(freshUrl: () => Promise<string>): void {
  const settingsOf = async ({ rig, team: tid, owner }: LegalholdRig, user = owner) =>
    (await rig.send(getLegalholdSettings, { user, params: { tid } })).body;
  const forget = async (
    { rig, team: tid, owner }: LegalholdRig,
    user: AuthenticatedUser = owner,
    body: object = { password },
  ) => (await rig.send(deleteLegalholdSettings, { user, params: { tid }, body })).status;
  const featureOf = async ({ rig, team: tid, owner: user }: LegalholdRig) =>
    (await rig.send(getTeamFeature, { user, params: { tid, feature: 'legalhold' } })).body.status;

  describe('the legal hold service of a team', () => {
    it('is registered when it answers with its key, and shown to admins', async () => {
      await using held = await openLegalholdRig(await freshUrl());
      assert.deepEqual(await settingsOf(held), { status: 'disabled' });
      await held.setFeature('enabled');
      assert.deepEqual(await settingsOf(held), { status: 'not_configured' });
      const registered = await held.register();
      assert.equal(registered.status, 'configured');
      const { fingerprint, ...rest } = registered.settings ?? {};
      assert.match(String(fingerprint), /^[A-Za-z0-9+/]{43}=$/);
      assert.deepEqual(rest, { team_id: held.team, ...held.service.settings });
      assert.deepEqual(await settingsOf(held), registered);
      const { method, path, authorization } = held.service.requests[0] ?? {};
      assert.deepEqual([method, path, authorization], ['GET', '/status', undefined]);
    });

    it('is not registered without the feature, or by others than admins', async () => {
      await using held = await openLegalholdRig(await freshUrl());
      const [member, stranger] = [
        await held.rig.addMember(held.team, 'member'),
        await held.rig.addStranger(),
      ];
      await assert.rejects(held.register(), refused('legalhold-not-enabled', 403));
      await held.setFeature('enabled');
      await assert.rejects(held.register(member), refused('operation-denied', 403));
      await assert.rejects(held.register(stranger), refused('no-team-member', 403));
      await assert.rejects(settingsOf(held, member), refused('operation-denied', 403));
      await assert.rejects(settingsOf(held, stranger), refused('no-team-member', 403));
      assert.deepEqual(held.service.requests, []);
      assert.deepEqual(await settingsOf(held), { status: 'not_configured' });
    });

    it('is not registered with a key that is none, with the key of another, or when it is not well', async () => {
      await using held = await openLegalholdRig(await freshUrl());
      await using other = await openLegalholdService();
      await held.setFeature('enabled');
      const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
      for (const public_key of ['no key', String(small.export({ type: 'spki', format: 'pem' }))])
        await assert.rejects(
          held.register(held.owner, { public_key }),
          refused('legalhold-invalid-key', 400),
        );
      for (const base_url of ['http://127.0.0.1', 'https://user@127.0.0.1', 'https://[1', 'https://a b'])
        await assert.rejects(held.register(held.owner, { base_url }), refused('bad-request', 400));
      const bad = refused('legalhold-status-bad', 400);
      await assert.rejects(held.register(held.owner, { public_key: other.settings.public_key }), bad);
      assert.deepEqual(held.service.requests, []);
      held.service.answer('/status', { status: 503 });
      await assert.rejects(held.register(), bad);
      await held.service[Symbol.asyncDispose]();
      await assert.rejects(held.register(), bad);
      assert.deepEqual(await settingsOf(held), { status: 'not_configured' });
    });

    it('is forgotten with the password of an admin, and legal hold of all members with it', async () => {
      await using held = await openHeldTeam(await freshUrl());
      const { rig, owner, member, team } = held;
      const pending = await rig.addMember(team, 'member');
      await held.consent(pending);
      await held.request(member);
      await held.approve(member);
      await held.request(pending);
      await assert.rejects(forget(held, member), refused('operation-denied', 403));
      await assert.rejects(forget(held, owner, {}), refused('access-denied', 403));
      await assert.rejects(forget(held, owner, { password: 'not-that-one' }), refused('access-denied', 403));
      assert.equal((await held.view(member)).status, 'enabled');
      assert.equal(await forget(held), 204);
      for (const user of [member, pending]) assert.deepEqual(await held.view(user), { status: 'disabled' });
      assert.deepEqual(await settingsOf(held), { status: 'not_configured' });
      await assert.rejects(held.request(member), refused('legalhold-not-registered', 400));
    });

    it('is forgotten when the team turns legal hold off', async () => {
      await using held = await openHeldTeam(await freshUrl());
      const { member } = held;
      await held.request(member);
      await held.approve(member);
      assert.equal(await featureOf(held), 'enabled');
      await assert.rejects(held.setFeature('disabled', member), refused('operation-denied', 403));
      await held.setFeature('disabled');
      assert.deepEqual(await held.view(member), { status: 'disabled' });
      await assert.rejects(held.request(member), refused('legalhold-not-enabled', 403));
      await assert.rejects(forget(held), refused('legalhold-not-enabled', 403));
      await held.setFeature('enabled');
      assert.deepEqual(await settingsOf(held), { status: 'not_configured' });
    });
  });

  describe('legal hold', () => {
    it('is not for teams that are too large to end it, and keeps teams that have it from growing', async () => {
      await using held = await openLegalholdRig(await freshUrl(), { settings: { fanOutLimit: 2 } });
      const { rig, team } = held;
      await rig.addMember(team, 'member');
      await held.setFeature('enabled');
      await assert.rejects(rig.addMember(team, 'member'), refused('too-many-members-for-legalhold', 403));
      await held.setFeature('disabled');
      await rig.addMember(team, 'member');
      await assert.rejects(held.setFeature('enabled'), refused('too-large-team-for-legalhold', 403));
      assert.equal(await featureOf(held), 'disabled');
    });

    it('is for nobody where the operator has none of it', async () => {
      const none = { settings: { legalhold: 'disabled-permanently' } } as const;
      await using held = await openLegalholdRig(await freshUrl(), none);
      await assert.rejects(held.setFeature('enabled'), refused('legalhold-not-enabled', 403));
      await assert.rejects(held.register(), refused('legalhold-not-enabled', 403));
      assert.equal(await featureOf(held), 'disabled');
    });

    it('is for teams that the operator lists, whose members consent by being members', async () => {
      await using held = await openLegalholdRig(await freshUrl(), byList);
      const { rig, team: tid, owner } = held;
      const before = await rig.addMember(tid, 'member');
      const isListed = async () =>
        (await rig.send(internal.getListedLegalholdTeam, { params: { tid } })).status === 200;
      assert.deepEqual([await isListed(), await featureOf(held)], [false, 'disabled']);
      await assert.rejects(held.setFeature('enabled'), refused('legalhold-whitelisted-only', 403));
      await assert.rejects(held.register(), refused('legalhold-not-enabled', 403));
      await rig.send(internal.listLegalholdTeam, { params: { tid } });
      assert.deepEqual([await isListed(), await featureOf(held)], [true, 'enabled']);
      const all = (await rig.send(getFeatureConfigs, { user: owner })).body;
      assert.equal(all.legalhold.status, 'enabled');
      const later = await rig.addMember(tid, 'member');
      for (const user of [before, later]) {
        assert.equal((await held.view(user)).status, 'disabled');
        const params = { tid, uid: user.userId };
        const shown = await rig.send(getTeamMember, { user: owner, params });
        assert.equal(shown.body.legalhold_status, 'disabled');
      }
      await held.register();
      assert.equal(await held.request(before), 201);
      await assert.rejects(forget(held), refused('legalhold-disable-unimplemented', 403));
      await rig.send(internal.unlistLegalholdTeam, { params: { tid } });
      assert.deepEqual([await isListed(), await featureOf(held)], [false, 'disabled']);
      await assert.rejects(held.request(later), refused('legalhold-not-enabled', 403));
      assert.equal((await held.view(await rig.addMember(tid, 'member'))).status, 'no_consent');
    });
  });
}
