import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as clients from '#contract/client/clients.ts';
import * as routes from '#contract/client/key-packages.ts';
import { deleteSelf } from '#contract/client/self.ts';
import type { UserId } from '#contract/ids.ts';
import type { LegalholdStatus } from '#contract/profiles.ts';
import { withoutTeams } from '../../src/brig/accounts/team-needs.ts';
import { openRig, password, refused } from './brig-rig.ts';
import { addDevice, createSteps, domain, referenceOf } from './key-packages-rig.ts';

const nobody = '00000000-0000-4000-8000-000000000000';
const hourMs = 3_600_000;

/** Reference client-api 8.2. */
export function keyPackageClaimsSuite(freshUrl: () => Promise<string>): void {
  describe('claiming key packages', () => {
    it('gives one of each client that has one, with its reference, and each once', async () => {
      await using rig = await openRig(await freshUrl());
      const { upload, count, claim } = createSteps(rig);
      const user = await rig.addUser('alice@example.com');
      const [phone, laptop, empty] = [
        await addDevice(rig, user),
        await addDevice(rig, user),
        await addDevice(rig, user),
      ];
      const bob = await rig.addUser('bob@example.com');
      const given = [await phone.make(), await phone.make(), await laptop.make()];
      await upload(phone, ...given.slice(0, 2));
      await upload(laptop, ...given.slice(2));
      const claimed = [...(await claim(bob, user.userId)), ...(await claim(bob, user.userId))];
      assert.deepEqual(await claim(bob, user.userId), []);
      assert.equal(claimed.length, 3);
      assert.deepEqual(new Set(claimed.map((entry) => entry.key_package)), new Set(given));
      for (const entry of claimed) {
        assert.deepEqual([entry.user, entry.domain], [user.userId, domain]);
        assert.equal(entry.key_package_ref, await referenceOf(entry.key_package));
        assert.equal(entry.client, given.indexOf(entry.key_package) < 2 ? phone.id : laptop.id);
      }
      for (const device of [phone, laptop, empty]) assert.equal(await count(device), 0);
      assert.deepEqual(await claim(bob, nobody), []);
    });

    it('for oneself leaves out the client that calls', async () => {
      await using rig = await openRig(await freshUrl());
      const { upload, count, claim } = createSteps(rig);
      const user = await rig.addUser('alice@example.com');
      const [phone, laptop] = [await addDevice(rig, user), await addDevice(rig, user)];
      await upload(phone, await phone.make());
      await upload(laptop, await laptop.make());
      const claimed = await claim(phone.user, user.userId);
      assert.deepEqual(
        claimed.map(({ client }) => client),
        [laptop.id],
      );
      assert.equal(await count(phone), 1);
      // A token without a client leaves out none.
      assert.equal((await claim(user, user.userId)).length, 1);
    });

    it('gives none to two of a hundred who claim at once', async () => {
      await using rig = await openRig(await freshUrl());
      const { upload, claim } = createSteps(rig);
      const user = await rig.addUser('alice@example.com');
      const device = await addDevice(rig, user);
      const given = await Promise.all(Array.from({ length: 60 }, () => device.make()));
      await upload(device, ...given);
      const answers = await Promise.all(Array.from({ length: 100 }, () => claim(user, user.userId)));
      const claimed = answers.flat().map(({ key_package }) => key_package);
      assert.equal(claimed.length, 60);
      assert.deepEqual(new Set(claimed), new Set(given));
    });

    it('gives none to two who claim through two openings of one database, as replicas do', async () => {
      const url = await freshUrl();
      await using one = await openRig(url);
      await using other = await openRig(url);
      const { upload } = createSteps(one);
      const user = await one.addUser('alice@example.com');
      const device = await addDevice(one, user);
      const given = await Promise.all(Array.from({ length: 40 }, () => device.make()));
      await upload(device, ...given);
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, turn) =>
          createSteps(turn % 2 === 0 ? one : other).claim(user, user.userId),
        ),
      );
      const claimed = answers.flat().map(({ key_package }) => key_package);
      assert.equal(claimed.length, 40);
      assert.deepEqual(new Set(claimed), new Set(given));
    });

    it('gives only the suite that was asked for', async () => {
      await using rig = await openRig(await freshUrl());
      const { upload, claim } = createSteps(rig);
      const user = await rig.addUser('alice@example.com');
      const device = await addDevice(rig, user);
      await upload(device, await device.make({ suiteNumber: 0xf031 }));
      assert.deepEqual(await claim(user, user.userId), []);
      assert.equal((await claim(user, user.userId, 'F031')).length, 1);
      await assert.rejects(claim(user, user.userId, '6'), refused('mls-protocol-error', 400));
    });

    it('never gives, counts or keeps one whose lifetime has ended', async () => {
      await using rig = await openRig(await freshUrl());
      const { upload, count, claim } = createSteps(rig);
      const user = await rig.addUser('alice@example.com');
      const device = await addDevice(rig, user);
      const stored = async () =>
        (await rig.storage.reader.selectFrom('key_package').select('ref').execute()).length;
      const fillAndWait = async () => {
        await upload(device, await device.make({ notAfter: BigInt(rig.clock.now / 1000) + 3600n }));
        assert.equal(await stored(), 1);
        rig.clock.now += hourMs;
      };
      await fillAndWait();
      assert.deepEqual(await claim(user, user.userId), []);
      assert.equal(await stored(), 0);
      await fillAndWait();
      assert.equal(await count(device), 0);
      assert.equal(await stored(), 0);
      await fillAndWait();
      const found = await rig.brig.clients.ownMls.mlsClientsOf([user.userId], 1);
      assert.deepEqual(found.get(user.userId), [{ id: device.id, mls: false }]);
      assert.equal(await stored(), 0);
    });

    it('gives none of whoever is under legal hold to those who have not consented', async () => {
      const statuses = new Map<UserId, LegalholdStatus>();
      const teams = { ...withoutTeams, legalholdStatusesOf: async () => statuses };
      await using rig = await openRig(await freshUrl(), { teams });
      const { upload, count, claim } = createSteps(rig);
      const user = await rig.addUser('alice@example.com');
      const other = await rig.addUser('bob@example.com');
      statuses.set(user.userId, 'enabled');
      const device = await addDevice(rig, user);
      await upload(device, await device.make());
      await assert.rejects(claim(other, user.userId), refused('missing-legalhold-consent', 403));
      assert.equal(await count(device), 1);
      statuses.set(other.userId, 'disabled');
      await claim(other, user.userId);
      assert.equal(await count(device), 0);
    });
  });

  describe('key packages', () => {
    it('go with their client, and with their user', async () => {
      await using rig = await openRig(await freshUrl());
      const { upload, count, claim } = createSteps(rig);
      const user = await rig.addUser('alice@example.com');
      const bob = await rig.addUser('bob@example.com');
      const [phone, laptop] = [await addDevice(rig, user), await addDevice(rig, user)];
      await upload(phone, await phone.make());
      await upload(laptop, await laptop.make());
      await rig.send(clients.removeClient, { user, params: { client: phone.id }, body: { password } });
      assert.equal(await count(phone), 0);
      assert.equal(await count(laptop), 1);
      await rig.send(deleteSelf, { user, body: { password } });
      assert.deepEqual(await claim(bob, user.userId), []);
      assert.deepEqual(await rig.storage.reader.selectFrom('key_package').selectAll().execute(), []);
    });

    it('are refused at every end-point while MLS is off', async () => {
      await using rig = await openRig(await freshUrl(), { settings: { mlsEnabled: false } });
      const user = await rig.addUser('alice@example.com');
      const { id } = await addDevice(rig, user);
      const params = { client: id, domain, uid: user.userId };
      const body = { key_packages: ['AAAA'] };
      const query = { ciphersuite: '0x1', ciphersuites: '0x1' };
      for (const route of Object.values(routes).filter((value) => 'method' in value)) {
        await assert.rejects(
          rig.send(route, { user, params, query, body }),
          refused('mls-not-enabled', 400),
          `${route.method} ${route.path}`,
        );
      }
      const found = await rig.brig.clients.ownMls.mlsClientsOf([user.userId], 1);
      assert.deepEqual(found.get(user.userId), [{ id, mls: false }]);
    });
  });
}
