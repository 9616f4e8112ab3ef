import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { claimKeyPackages } from '#contract/federation/brig.ts';
import { findCipherSuite, keyPackageReference } from '#mls';
import {
  answers,
  createUser,
  MlsClient,
  MlsDevice,
  openNetwork,
  remoteBackend,
  type TestAnswer,
  type TestNetwork,
  type TestUser,
} from '#testkit';
import { askAs, openListedNetwork } from './devices-rig.ts';
import { type Claimed, claimedIn, claimOf } from './key-packages-rig.ts';

/*
 * Alice at a claims key packages of Bob's clients at b. Backend c is up at first, and asks what it should not; then it is
 * killed and somebody plays it who lies.
 */

const nobody = '00000000-0000-4000-8000-000000000000';

describe('key packages of users of other backends', () => {
  let network: TestNetwork;
  let alice: TestUser;
  let bob: TestUser;
  let phone: MlsClient;
  before(async () => {
    network = await openListedNetwork();
    alice = await createUser(network.backend(0), { name: 'Alice' });
    bob = await createUser(network.backend(1), { name: 'Bob' });
    phone = await MlsClient.register(network.backend(1), bob, 0);
  });
  after(() => network[Symbol.asyncDispose]());

  describe('are claimed', () => {
    it('one of each client, each once, as they were uploaded', async () => {
      const laptop = await MlsClient.register(network.backend(1), bob, 0);
      const given = [...(await phone.uploadKeyPackages(2)), ...(await laptop.uploadKeyPackages(1))];
      const claimed = [
        ...claimedIn(await claimOf(alice, bob, '?skip_own=beef&ciphersuite=0x1')),
        ...claimedIn(await claimOf(alice, bob)),
      ];
      assert.deepEqual(claimed.map((entry) => entry.key_package).toSorted(), given.toSorted());
      for (const { user, domain, client, key_package } of claimed) {
        assert.deepEqual([user, domain], [bob.id, bob.domain]);
        assert.equal(client, given.indexOf(key_package) < 2 ? phone.clientId : laptop.clientId);
      }
      assert.deepEqual(claimedIn(await claimOf(alice, bob)), []);
      assert.deepEqual([await phone.countKeyPackages(), await laptop.countKeyPackages()], [0, 0]);
    });

    it('for oneself of all clients but the one that claims', async () => {
      const own = () => MlsClient.register(network.backend(0), alice, 0);
      const [mine, other] = [await own(), await own()];
      await mine.uploadKeyPackages(1);
      await other.uploadKeyPackages(1);
      const claimed = claimedIn(
        await claimOf(mine.user, alice, `?skip_own=${other.clientId}&ciphersuite=0x1`),
      );
      assert.deepEqual(
        claimed.map(({ client }) => client),
        [other.clientId],
      );
      assert.equal(await mine.countKeyPackages(), 1);
    });

    it('of unknown users and in other suites, none', async () => {
      await phone.uploadKeyPackages(1);
      assert.deepEqual(claimedIn(await claimOf(alice, { domain: bob.domain, id: nobody })), []);
      assert.deepEqual(claimedIn(await claimOf(alice, bob, '?ciphersuite=0xF031')), []);
      const unknown = await claimOf(alice, bob, '?ciphersuite=3');
      assert.deepEqual([unknown.status, unknown.get('label')], [400, 'mls-protocol-error']);
      assert.equal(await phone.countKeyPackages(), 1);
    });
  });

  describe('asked for by a backend', () => {
    const askAsC = (rpc: string, body: unknown, claimed?: string) =>
      askAs(network.backend(2), bob.domain, rpc, body, claimed);
    const input = () => ({ claimant: alice.id, target: bob.id, cipher_suite: 1 });

    async function keepsAll(asked: () => Promise<TestAnswer>): Promise<TestAnswer> {
      const left = await phone.countKeyPackages();
      const answer = await asked();
      assert.equal(await phone.countKeyPackages(), left);
      return answer;
    }

    before(() => phone.uploadKeyPackages(3));

    it('that may, are handed out', async () => {
      const [entry] = claimedIn(await askAsC('claim-key-packages', input()));
      assert.deepEqual([entry?.user, entry?.domain, entry?.client], [bob.id, bob.domain, phone.clientId]);
    });

    it('that claims to be another, are kept', async () => {
      for (const claimed of [alice.domain, bob.domain, 'd.example.com']) {
        const answer = await keepsAll(() => askAsC('claim-key-packages', input(), claimed));
        assert.ok(answer.status >= 400, claimed);
      }
    });

    it('of users that are not of this backend, are none', async () => {
      for (const target of [alice.id, nobody]) {
        const answer = await keepsAll(() => askAsC('claim-key-packages', { ...input(), target }));
        assert.deepEqual(answer.body, { key_packages: [] });
        const clients = await keepsAll(() => askAsC('get-mls-clients', { user_id: target, cipher_suite: 1 }));
        assert.deepEqual(clients.body, []);
      }
    });

    it('of an unknown suite, or in another form, are kept', async () => {
      for (const rpc of ['claim-key-packages', 'get-mls-clients']) {
        const fields = { ...input(), user_id: bob.id };
        const wrong: readonly (readonly [unknown, string])[] = [
          [{ ...fields, cipher_suite: 3 }, 'mls-protocol-error'],
          ...[65_536, -1, '1', 1.5, null].map(
            (suite) => [{ ...fields, cipher_suite: suite }, 'bad-request'] as const,
          ),
          [{ ...fields, target: 'bob', user_id: 'bob' }, 'bad-request'],
          [{ cipher_suite: 1 }, 'bad-request'],
          [[], 'bad-request'],
          [null, 'bad-request'],
        ];
        for (const [body, label] of wrong) {
          const answer = await keepsAll(() => askAsC(rpc, body));
          const found = answer.get('inner') as { readonly code: number; readonly label: string };
          assert.deepEqual([found.code, found.label], [400, label], `${rpc} ${JSON.stringify(body)}`);
        }
      }
    });

    it('are told of with all clients, whether they have any', async () => {
      const empty = await MlsClient.register(network.backend(1), bob, 0);
      const ask = async (suite: number) => {
        const { body } = await keepsAll(() =>
          askAsC('get-mls-clients', { user_id: bob.id, cipher_suite: suite }),
        );
        return new Map((body as { id: string; mls: boolean }[]).map(({ id, mls }) => [id, mls]));
      };
      const clients = await ask(1);
      assert.deepEqual([clients.get(phone.clientId), clients.get(empty.clientId)], [true, false]);
      assert.equal((await ask(2)).get(phone.clientId), false);
    });
  });

  describe('of a backend', () => {
    const c = 'c.example.com';
    const user = '11111111-1111-4111-8111-111111111111';
    let genuine: Claimed;
    before(async () => {
      await network.kill(network.backend(2));
      const device = await MlsDevice.create(`${user}:a@${c}`);
      genuine = entryOf((await device.makeKeyPackage()).bytes);
    });

    function entryOf(bytes: Buffer): Claimed {
      const suite = findCipherSuite(1);
      if (suite === undefined) throw new Error('suite 1 is known');
      const reference = keyPackageReference(bytes, suite).toString('base64');
      const bundle = { key_package: bytes.toString('base64'), key_package_ref: reference };
      return { user, domain: c, client: 'a', ...bundle };
    }

    async function claimTold(...told: readonly object[]): Promise<TestAnswer> {
      await using _remote = await remoteBackend({ authority: network.authority, ...network.backend(2) }, [
        answers(claimKeyPackages, { key_packages: told } as never),
      ]);
      return await claimOf(alice, { domain: c, id: user });
    }

    async function refused(entry: object, status: number, label: string): Promise<void> {
      const answer = await claimTold(entry);
      assert.deepEqual([answer.status, answer.get('label')], [status, label]);
    }

    it('that says what is so, are passed on, and nothing else with them', async () => {
      assert.deepEqual(claimedIn(await claimTold({ ...genuine, extra: 1 })), [genuine]);
    });

    it('that cannot be read, are refused', async () => {
      await refused({ ...genuine, key_package: 'AAAA' }, 409, 'decoding-error');
      const longer = Buffer.concat([Buffer.from(genuine.key_package, 'base64'), Buffer.of(0)]);
      await refused({ ...genuine, key_package: longer.toString('base64') }, 409, 'decoding-error');
      await refused({ ...genuine, key_package: 'no base64' }, 533, 'federation-invalid-body');
    });

    it('that go by another reference, are refused', async () => {
      for (const reference of ['', 'AAAA', `${'A'.repeat(43)}=`]) {
        await refused({ ...genuine, key_package_ref: reference }, 409, 'invalid-reference');
      }
    });

    it('that are not valid, are refused', async () => {
      const forged = Buffer.from(genuine.key_package, 'base64');
      forged.writeUInt8(forged.readUInt8(forged.length - 1) ^ 1, forged.length - 1);
      await refused(entryOf(forged), 400, 'mls-protocol-error');
      const device = await MlsDevice.create(`${user}:a@${c}`);
      const old = await device.makeKeyPackage({ notAfter: BigInt(Math.floor(Date.now() / 1000)) });
      await refused(entryOf(old.bytes), 400, 'mls-protocol-error');
      for (const identity of [`${user}:b@${c}`, `${nobody}:a@${c}`, `${user}:a@${bob.domain}`]) {
        const other = await MlsDevice.create(identity);
        await refused(entryOf((await other.makeKeyPackage()).bytes), 400, 'mls-protocol-error');
      }
    });

    it('that are of somebody else than asked for, are refused', async () => {
      await refused({ ...genuine, user: nobody }, 533, 'federation-unexpected-body');
      await refused({ ...genuine, domain: bob.domain }, 533, 'federation-unexpected-body');
      const many = Array.from({ length: 257 }, (_, index) => ({ ...genuine, client: index.toString(16) }));
      for (const told of [[genuine, genuine], many]) {
        const answer = await claimTold(...told);
        assert.deepEqual([answer.status, answer.get('label')], [533, 'federation-unexpected-body']);
      }
    });

    it('where MLS is off, make the user an invalid one', async () => {
      await using _remote = await remoteBackend({ authority: network.authority, ...network.backend(2) }, [
        answers(claimKeyPackages, null as never),
      ]);
      const answer = await claimOf(alice, { domain: c, id: user });
      assert.deepEqual([answer.status, answer.get('label')], [400, 'invalid-user']);
    });

    it('that is down, cannot be claimed', async () => {
      const answer = await claimOf(alice, { domain: c, id: user });
      assert.deepEqual([answer.status, answer.get('label')], [521, 'federation-connection-refused']);
    });
  });
});

describe('a backend with MLS off', () => {
  it('gives no key packages to clients or backends, and tells of all clients that they have none', async () => {
    await using network = await openNetwork({ backends: 2, set: { 'mls.enabled': false } });
    const alice = await createUser(network.backend(0), { name: 'Alice' });
    const bob = await createUser(network.backend(1), { name: 'Bob' });
    const { clientId: id } = await MlsClient.register(network.backend(1), bob, 0);
    const ask = (rpc: string, body: object) => askAs(network.backend(0), bob.domain, rpc, body);
    const claim = { claimant: alice.id, target: bob.id, cipher_suite: 1 };
    assert.equal((await ask('claim-key-packages', claim)).body, null);
    const clients = await ask('get-mls-clients', { user_id: bob.id, cipher_suite: 1 });
    assert.deepEqual(clients.body, [{ id, mls: false }]);
    for (const { domain } of [alice, bob]) {
      const answer = await claimOf(alice, { domain, id: bob.id });
      assert.deepEqual([answer.status, answer.get('label')], [400, 'mls-not-enabled']);
    }
  });
});
