import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { describe, it } from 'node:test';
import * as clients from '#contract/client/clients.ts';
import * as routes from '#contract/client/key-packages.ts';
import { createAuthority } from '#testkit';
import { openRig, type Rig, refused } from './brig-rig.ts';
import { type Forgery, makeSignatureKeys, type SignatureKeys, suiteNames } from './forged-key-package.ts';
import { addDevice, createSteps, type Device, domain, referenceOf } from './key-packages-rig.ts';

/** Reference client-api 8.2. */
export function keyPackagesSuite(freshUrl: () => Promise<string>): void {
  describe('uploading key packages', () => {
    it('adds them to those that are there; the same one again stays one', async () => {
      await using rig = await openRig(await freshUrl());
      const { upload, count } = createSteps(rig);
      const alice = await addDevice(rig, await rig.addUser('alice@example.com'));
      const first = await alice.make();
      assert.deepEqual(await upload(alice, first, await alice.make()), { status: 201 });
      await upload(alice, first, await alice.make());
      await upload(alice);
      assert.equal(await count(alice), 3);
    });

    it('counts each suite apart, however the query writes it', async () => {
      await using rig = await openRig(await freshUrl());
      const { upload, count } = createSteps(rig);
      const alice = await addDevice(rig, await rig.addUser('alice@example.com'));
      await upload(alice, await alice.make(), await alice.make({ suiteNumber: 0xf031 }));
      for (const suite of [undefined, '1', '01', '0x1', '0X0001', 'f031', '0xF031', '0x0f031']) {
        assert.equal(await count(alice, suite), 1, suite);
      }
      for (const suite of ['2', '0x5', '7']) assert.equal(await count(alice, suite), 0, suite);
      for (const suite of ['0', '3', '0x4', 'ffff']) {
        await assert.rejects(count(alice, suite), refused('mls-protocol-error', 400), suite);
      }
      for (const suite of ['', 'x', '0x', 'g1', '-1', '1 ', '12345', '0x1,0x2']) {
        await assert.rejects(count(alice, suite), refused('bad-request', 400), suite);
      }
    });

    it('takes every suite with the key that the client has registered for its scheme', async () => {
      await using rig = await openRig(await freshUrl());
      const { upload, count } = createSteps(rig);
      const alice = await addDevice(rig, await rig.addUser('alice@example.com'));
      const schemes = {
        2: 'ecdsa_secp256r1_sha256',
        5: 'ecdsa_secp521r1_sha512',
        7: 'ecdsa_secp384r1_sha384',
      } as const;
      for (const [suite, scheme] of Object.entries(schemes)) {
        const name = suiteNames[Number(suite) as keyof typeof schemes];
        const keys = await makeSignatureKeys(name);
        const keyPackage = await alice.make({ suite: name, keys });
        await assert.rejects(upload(alice, keyPackage), refused('mls-protocol-error', 400, /key/), scheme);
        await rig.send(clients.updateClient, {
          user: alice.user,
          params: { client: alice.id },
          body: { mls_public_keys: { [scheme]: Buffer.from(keys.publicKey).toString('base64') } },
        });
        await upload(alice, keyPackage);
        assert.equal(await count(alice, suite), 1, scheme);
      }
    });

    const other = '11111111-1111-4111-8111-111111111111';
    const forgeries: Readonly<Record<string, (device: Device, now: bigint) => Forgery>> = {
      'an unknown suite': () => ({ suiteNumber: 3 }),
      'a suite that its signatures are not of': () => ({ suiteNumber: 2 }),
      'a forged signature': () => ({ broken: 'key package' }),
      'another protocol version': () => ({ version: 2 }),
      'a forged leaf node': () => ({ broken: 'leaf node' }),
      'another user': ({ id }) => basic(`${other}:${id}@${domain}`),
      'another client': ({ user }) => basic(`${user.userId}:beef@${domain}`),
      'another domain': ({ user, id }) => basic(`${user.userId}:${id}@b.example.com`),
      'an identity in no known form': () => basic('alice'),
      'a certificate that cannot be read': () => ({
        credential: { credentialType: 'x509', certificates: [new Uint8Array(8)] },
      }),
      'a leaf node of an update': () => ({ isUpdate: true }),
      'a credential that it says it cannot read': () => ({ credentialTypes: ['x509'] }),
      'a lifetime that has not begun': (_, now) => ({ notBefore: now + 1n }),
      'a lifetime that has ended': (_, now) => ({ notAfter: now }),
    };
    for (const [name, forge] of Object.entries(forgeries)) {
      it(`refuses ${name}, and all others of the request with it`, async () => {
        await using rig = await openRig(await freshUrl());
        const { upload, count } = createSteps(rig);
        const alice = await addDevice(rig, await rig.addUser('alice@example.com'));
        const forged = await alice.make(forge(alice, BigInt(rig.clock.now / 1000)));
        const refusal = refused('mls-protocol-error', 400);
        await assert.rejects(upload(alice, await alice.make(), forged), refusal);
        assert.equal(await count(alice), 0);
      });
    }

    it('takes a certificate for the key of the client that its URI names, and no other', async () => {
      await using rig = await openRig(await freshUrl());
      const { upload, count } = createSteps(rig);
      const alice = await addDevice(rig, await rig.addUser('alice@example.com'));
      const { userId } = alice.user;
      const user = Buffer.from(userId.replaceAll('-', ''), 'hex').toString('base64url');
      const ours = `wireapp://${user}%21${alice.id}@${domain}`;
      await upload(alice, await alice.make(certified(alice.keys, ours)));
      assert.equal(await count(alice), 1);
      const refusal = refused('mls-protocol-error', 400);
      const others = [
        `wireapp://${user}%21beef@${domain}`,
        `wireapp://${user}%21${alice.id}@b.example.com`,
        `https://${user}%21${alice.id}@${domain}`,
        `${userId}:${alice.id}@${domain}`,
      ];
      for (const uri of others) {
        await assert.rejects(upload(alice, await alice.make(certified(alice.keys, uri))), refusal, uri);
      }
      const stranger = certified(await makeSignatureKeys(), ours);
      await assert.rejects(upload(alice, await alice.make(stranger)), refusal);
      assert.equal(await count(alice), 1);
    });

    it("refuses another key than the client's, and clients that are not the caller's", async () => {
      await using rig = await openRig(await freshUrl());
      const { upload, count } = createSteps(rig);
      const alice = await addDevice(rig, await rig.addUser('alice@example.com'));
      const bob = await addDevice(rig, await rig.addUser('bob@example.com'));
      const refusal = refused('mls-protocol-error', 400);
      await assert.rejects(upload(alice, await alice.make({ keys: bob.keys })), refusal);
      // Bob's client in Alice's name, signed by himself: the client is none of hers.
      const stolen = { ...alice, id: bob.id };
      const identity = `${alice.user.userId}:${bob.id}@${domain}`;
      await assert.rejects(upload(stolen, await bob.make(basic(identity))), refusal);
      await assert.rejects(upload({ ...alice, id: bob.id }, await bob.make()), refusal);
      assert.equal(await count(alice), 0);
      assert.equal(await count(bob), 0);
    });

    it('refuses a lifetime that is longer than the operator allows', async () => {
      await using rig = await openRig(await freshUrl(), { settings: { keyPackageLifetimeSeconds: 3600 } });
      const { upload, count } = createSteps(rig);
      const alice = await addDevice(rig, await rig.addUser('alice@example.com'));
      const now = BigInt(rig.clock.now / 1000);
      const tooLong = await alice.make({ notAfter: now + 3601n });
      await assert.rejects(upload(alice, tooLong), refused('mls-protocol-error', 400));
      await upload(alice, await alice.make({ notAfter: now + 3600n }));
      assert.equal(await count(alice), 1);
    });

    it('refuses what is no bare key package', async () => {
      await using rig = await openRig(await freshUrl());
      const { upload, count } = createSteps(rig);
      const alice = await addDevice(rig, await rig.addUser('alice@example.com'));
      const whole = Buffer.from(await alice.make(), 'base64');
      const framed = Buffer.concat([Buffer.of(0, 1, 0, 5), whole]);
      const wrong = [whole.subarray(0, -1), Buffer.concat([whole, Buffer.of(0)]), framed, Buffer.alloc(0)];
      for (const bytes of wrong) {
        const refusal = refused('bad-request', 400, /key_packages\.1/);
        await assert.rejects(upload(alice, await alice.make(), bytes.toString('base64')), refusal);
      }
      for (const text of ['not base64!', 'YQ', 'YQ=', `${await alice.make()}\n`]) {
        await assert.rejects(upload(alice, text), refused('bad-request', 400), text);
      }
      assert.equal(await count(alice), 0);
    });
  });

  describe('replacing key packages', () => {
    const replace = (rig: Rig, device: Device, given: readonly string[], ciphersuites?: string) =>
      rig.send(routes.replaceKeyPackagesV7, {
        user: device.user,
        params: { client: device.id },
        query: ciphersuites === undefined ? {} : { ciphersuites },
        body: { key_packages: given },
      });

    it('takes away those of the named suites first, of the default one when none is named', async () => {
      await using rig = await openRig(await freshUrl());
      const { upload, count } = createSteps(rig);
      const alice = await addDevice(rig, await rig.addUser('alice@example.com'));
      const hybrid = { suiteNumber: 0xf031 };
      await upload(alice, await alice.make(), await alice.make(), await alice.make(hybrid));
      assert.deepEqual(await replace(rig, alice, [await alice.make()]), { status: 201 });
      assert.deepEqual([await count(alice), await count(alice, 'f031')], [1, 1]);
      await replace(rig, alice, [await alice.make(), await alice.make()], '0x0001,0xF031');
      assert.deepEqual([await count(alice), await count(alice, 'f031')], [2, 0]);
    });

    it('leaves the suites empty when a new one is not valid, and as they are when one cannot be read', async () => {
      await using rig = await openRig(await freshUrl());
      const { upload, count } = createSteps(rig);
      const alice = await addDevice(rig, await rig.addUser('alice@example.com'));
      await upload(alice, await alice.make());
      await assert.rejects(replace(rig, alice, ['AAAA']), refused('bad-request', 400));
      await assert.rejects(replace(rig, alice, [], '0x1,0x3'), refused('mls-protocol-error', 400));
      await assert.rejects(replace(rig, alice, [], '0x1,,'), refused('bad-request', 400));
      assert.equal(await count(alice), 1);
      const forged = await alice.make({ broken: 'leaf node' });
      await assert.rejects(replace(rig, alice, [forged]), refused('mls-protocol-error', 400));
      assert.equal(await count(alice), 0);
    });
  });

  describe('deleting key packages', () => {
    it('takes away those of the references and ignores unknown ones', async () => {
      await using rig = await openRig(await freshUrl());
      const { upload, count } = createSteps(rig);
      const alice = await addDevice(rig, await rig.addUser('alice@example.com'));
      const [one, two] = [await alice.make(), await alice.make()];
      await upload(alice, one, two);
      const remove = (refs: readonly unknown[], query = {}) =>
        rig.send(routes.deleteKeyPackagesV7, {
          user: alice.user,
          params: { client: alice.id },
          query,
          body: { key_packages: refs },
        });
      const reference = await referenceOf(one);
      await remove([reference], { ciphersuite: '0x2' });
      assert.equal(await count(alice), 2);
      assert.deepEqual(await remove([reference, 'AAAA', reference]), { status: 201 });
      assert.equal(await count(alice), 1);
      for (const wrong of [[], ['no!'], [7], Array.from({ length: 1001 }, () => 'AAAA')]) {
        await assert.rejects(remove(wrong), refused('bad-request', 400));
      }
      assert.equal(await count(alice), 1);
    });
  });
}

/** A credential with a certificate for these keys, whose subject has this URI. */
function certified({ signKey }: SignatureKeys, uri: string): Forgery {
  const privateKey = createPrivateKey({ key: Buffer.from(signKey), format: 'der', type: 'pkcs8' });
  const key = { privateKey, publicKey: createPublicKey(privateKey) };
  const { der } = createAuthority().issue({ key, otherNames: [{ uri }] });
  return { credential: { credentialType: 'x509', certificates: [der] } };
}

function basic(identity: string): Forgery {
  return { credential: { credentialType: 'basic', identity: Buffer.from(identity) } };
}
