import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { claimMultiPrekeyBundle, claimPrekey, claimPrekeyBundle } from '#contract/federation/brig.ts';
import {
  answers,
  createUser,
  lastResortId,
  makePrekey,
  remoteBackend,
  type TestAnswer,
  type TestNetwork,
  type TestUser,
} from '#testkit';
import {
  addClient,
  allow,
  askAs,
  deny,
  openListedNetwork,
  prekeysLeft,
  type TestClient,
} from './devices-rig.ts';

/*
 * Alice at a claims prekeys of Bob's clients at b. Backend c is up at first, and asks what it should not; then it is
 * killed and somebody plays it who lies.
 */

const nobody = '00000000-0000-4000-8000-000000000000';

describe('prekeys of users of other backends', () => {
  let network: TestNetwork;
  let alice: TestUser;
  let bob: TestUser;
  before(async () => {
    network = await openListedNetwork();
    alice = await createUser(network.backend(0), { name: 'Alice' });
    bob = await createUser(network.backend(1), { name: 'Bob' });
  });
  after(() => network[Symbol.asyncDispose]());

  const listPrekeys = (body: object, version = 'v5') =>
    alice.send(`/${version}/users/list-prekeys`, { body });

  describe('are claimed', () => {
    it('one of a client, each once, then the last-resort one', async () => {
      const client = await addClient(bob, 2);
      const claim = async () => {
        const { body } = await alice.send(`/users/${bob.domain}/${bob.id}/prekeys/${client.id}`);
        return body as { readonly client: string; readonly prekey: { readonly id: number } };
      };
      const claimed = [await claim(), await claim(), await claim(), await claim()];
      assert.deepEqual(new Set(claimed.map((one) => one.client)), new Set([client.id]));
      const sent = new Map([...client.prekeys, client.lastkey].map((key) => [key.id, key]));
      for (const { prekey } of claimed) assert.deepEqual(prekey, sent.get(prekey.id));
      const ids = claimed.map(({ prekey }) => prekey.id);
      assert.deepEqual(ids.slice(0, 2).toSorted(), [0, 1]);
      assert.deepEqual(ids.slice(2), [lastResortId, lastResortId]);
    });

    it('of all clients of a user', async () => {
      const carol = await createUser(network.backend(1), { name: 'Carol' });
      const clients = [await addClient(carol, 1), await addClient(carol, 1)];
      const answer = await alice.send(`/users/${carol.domain}/${carol.id}/prekeys`);
      assert.equal(answer.get('user'), carol.id);
      const found = answer.get('clients') as readonly { readonly client: string }[];
      const ids = found.map(({ client }) => client);
      assert.deepEqual(ids.toSorted(), clients.map(({ id }) => id).toSorted());
      const unknown = await alice.send(`/users/${carol.domain}/${nobody}/prekeys`);
      assert.deepEqual(unknown.body, { user: nobody, clients: [] });
      const single = await alice.send(`/users/${carol.domain}/${nobody}/prekeys/1`);
      assert.deepEqual([single.status, single.get('label')], [404, 'not-found']);
    });

    it('of clients on many backends in one request', async () => {
      const [own, theirs] = [await addClient(alice, 1), await addClient(bob, 1)];
      const { status, body } = await listPrekeys({
        [alice.domain]: { [alice.id]: [own.id] },
        [bob.domain]: { [bob.id]: [theirs.id, 'beef'], [nobody]: ['1'] },
      });
      assert.equal(status, 200);
      assert.deepEqual(body, {
        qualified_user_client_prekeys: {
          [alice.domain]: { [alice.id]: { [own.id]: own.prekeys[0] } },
          [bob.domain]: { [bob.id]: { [theirs.id]: theirs.prekeys[0], beef: null }, [nobody]: { 1: null } },
        },
      });
    });
  });

  describe('asked for by a backend', () => {
    let client: TestClient;
    before(async () => {
      client = await addClient(bob, 3);
    });

    const askAsC = (rpc: string, body: unknown, claimed?: string) =>
      askAs(network.backend(2), bob.domain, rpc, body, claimed);

    async function keepsAll(asked: () => Promise<TestAnswer>): Promise<TestAnswer> {
      const before = await prekeysLeft(bob, client);
      const answer = await asked();
      assert.deepEqual(await prekeysLeft(bob, client), before);
      return answer;
    }

    it('that may, are handed out', async () => {
      const answer = await askAsC('claim-prekey', [bob.id, client.id]);
      assert.equal(answer.status, 200);
      assert.equal(answer.get('client'), client.id);
    });

    it('that claims to be another, are kept', async () => {
      for (const claimed of [alice.domain, bob.domain, 'd.example.com']) {
        const asked = () => askAsC('claim-prekey', [bob.id, client.id], claimed);
        assert.ok((await keepsAll(asked)).status >= 400, claimed);
      }
    });

    it('that was taken off the list, are kept', async () => {
      await deny(network.backend(1), network.backend(2).domain);
      const inputs = { 'claim-prekey': [bob.id, client.id], 'claim-prekey-bundle': bob.id };
      for (const [rpc, input] of Object.entries(inputs)) {
        const answer = await keepsAll(() => askAsC(rpc, input));
        assert.equal((answer.get('inner') as { readonly label: string }).label, 'federation-denied');
      }
      const many = await keepsAll(() => askAsC('claim-multi-prekey-bundle', { [bob.id]: [client.id] }));
      assert.equal(many.status, 533);
      await allow(network.backend(1), network.backend(2).domain);
    });

    it('under another owner or of a user that is not of this backend, are none', async () => {
      const carol = await createUser(network.backend(1), { name: 'Carol' });
      for (const owner of [carol.id, alice.id, nobody]) {
        assert.equal((await keepsAll(() => askAsC('claim-prekey', [owner, client.id]))).body, null);
        const bundle = await keepsAll(() => askAsC('claim-prekey-bundle', owner));
        assert.deepEqual(bundle.body, { user: owner, clients: [] });
        const many = await keepsAll(() => askAsC('claim-multi-prekey-bundle', { [owner]: [client.id] }));
        assert.deepEqual(many.body, { [owner]: { [client.id]: null } });
      }
    });

    it('of a client that was removed, are none', async () => {
      const gone = await addClient(bob, 1);
      await bob.send(`/clients/${gone.id}`, { method: 'DELETE', body: { password: bob.password } });
      assert.equal((await askAsC('claim-prekey', [bob.id, gone.id])).body, null);
    });

    const malformed: readonly (readonly [string, readonly unknown[]])[] = [
      [
        'claim-prekey',
        [null, {}, [], 'x', [nobody], [nobody, 'xyz'], ['x', '1'], [nobody, '1', '2'], [nobody, 1]],
      ],
      ['claim-prekey-bundle', [null, [], {}, 'x', 5, `${nobody}0`]],
      ['claim-multi-prekey-bundle', [null, [], 'x', { x: [] }, { [nobody]: '1' }, { [nobody]: ['g'] }]],
      [
        'claim-multi-prekey-bundle',
        [{ [nobody]: [null] }, { [nobody]: { 1: null } }, { [nobody]: ['1'.repeat(17)] }],
      ],
    ];
    for (const [rpc, inputs] of malformed) {
      it(`in a malformed ${rpc}, are kept`, async () => {
        for (const input of inputs) {
          const answer = await keepsAll(() => askAsC(rpc, input));
          const found = answer.get('inner') as { readonly code: number; readonly label: string };
          assert.deepEqual([found.code, found.label], [400, 'bad-request'], JSON.stringify(input));
        }
      });
    }
  });

  describe('of a backend', () => {
    const c = 'c.example.com';
    const user = '11111111-1111-4111-8111-111111111111';
    const key = makePrekey(1);
    before(() => network.kill(network.backend(2)));

    const played = (...scripted: Parameters<typeof remoteBackend>[1]) =>
      remoteBackend({ authority: network.authority, ...network.backend(2) }, scripted);

    it('that answers about others than asked for, are not believed', async () => {
      await using _remote = await played(
        answers(claimPrekey, { client: 'b', prekey: key } as never),
        answers(claimPrekeyBundle, { user: nobody, clients: [] } as never),
        answers(claimMultiPrekeyBundle, { [user]: { b: key } } as never),
      );
      for (const path of [`/users/${c}/${user}/prekeys/a`, `/users/${c}/${user}/prekeys`]) {
        const answer = await alice.send(path);
        assert.deepEqual([answer.status, answer.get('label')], [533, 'federation-unexpected-body'], path);
      }
      const { body } = await listPrekeys({ [c]: { [user]: ['a'] } });
      assert.deepEqual(body, {
        qualified_user_client_prekeys: {},
        failed_to_list: [{ domain: c, id: user }],
      });
    });

    it('that cannot be keys, count as none', async () => {
      const broken = { id: 2, key: 'not base64!' };
      await using _remote = await played(
        answers(claimPrekey, { client: 'a', prekey: broken } as never),
        answers(claimPrekeyBundle, {
          user,
          clients: [
            { client: 'a', prekey: broken },
            { client: 'b', prekey: key },
          ],
        } as never),
        answers(claimMultiPrekeyBundle, { [user]: { a: broken, b: key } } as never),
      );
      assert.equal((await alice.send(`/users/${c}/${user}/prekeys/a`)).status, 404);
      const bundle = await alice.send(`/users/${c}/${user}/prekeys`);
      assert.deepEqual(bundle.body, { user, clients: [{ client: 'b', prekey: key }] });
      const { body } = await listPrekeys({ [c]: { [user]: ['a', 'b', 'd'] } });
      assert.deepEqual(body, {
        qualified_user_client_prekeys: { [c]: { [user]: { a: null, b: key, d: null } } },
      });
    });

    it('that answers in another form, are not believed', async () => {
      await using _remote = await played(
        answers(claimPrekey, { client: 'a', prekey: { id: 65_536, key: key.key } } as never),
        answers(claimPrekeyBundle, [] as never),
      );
      for (const path of [`/users/${c}/${user}/prekeys/a`, `/users/${c}/${user}/prekeys`]) {
        const answer = await alice.send(path);
        assert.deepEqual([answer.status, answer.get('label')], [533, 'federation-invalid-body'], path);
      }
    });

    it('that is down, fail for its users only, and for all up to version 3', async () => {
      const client = await addClient(bob, 1);
      const body = { [bob.domain]: { [bob.id]: [client.id] }, [c]: { [user]: ['1'] } };
      const partial = await listPrekeys(body);
      assert.deepEqual(partial.body, {
        qualified_user_client_prekeys: { [bob.domain]: { [bob.id]: { [client.id]: client.prekeys[0] } } },
        failed_to_list: [{ domain: c, id: user }],
      });
      assert.equal((await listPrekeys(body, 'v3')).status, 521);
      assert.equal((await alice.send(`/users/${c}/${user}/prekeys/1`)).status, 521);
      assert.equal((await alice.send(`/users/${c}/${user}/prekeys`)).status, 521);
    });
  });
});
