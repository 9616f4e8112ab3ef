import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as client from '#contract/client/clients.ts';
import * as prekeys from '#contract/client/prekeys.ts';
import type { AuthenticatedUser } from '#contract/route.ts';
import { lastResortId, makePrekeys } from '#testkit';
import { openRig, type Rig, refused } from './brig-rig.ts';
import { newClient } from './clients-suite.ts';

const domain = 'a.example.com';
const nobody = '00000000-0000-4000-8000-000000000000';

/** Reference client-api 3.6. */
export function prekeysSuite(freshUrl: () => Promise<string>): void {
  async function withClient(rig: Rig, count: number) {
    const alice = await rig.addUser('alice@example.com');
    const user = await rig.addUser('bob@example.com');
    const given = newClient({ prekeys: makePrekeys(0, count) });
    const { body } = await rig.send(client.addClientV6, { user: alice, body: given });
    const params = { domain, uid: alice.userId, client: body.id };
    return { alice, user, given, params, id: body.id };
  }

  function claim(rig: Rig, user: AuthenticatedUser, params: Readonly<Record<string, string>>) {
    return rig.send(prekeys.claimClientPrekey, { user, params });
  }

  describe('claiming a prekey', () => {
    it('gives each key once, and the last-resort one only when no other is left', async () => {
      await using rig = await openRig(await freshUrl());
      const { alice, user, given, params, id } = await withClient(rig, 3);
      const claimed: number[] = [];
      for (let times = 0; times < 5; times += 1) {
        const { body } = await claim(rig, user, params);
        assert.equal(body.client, id);
        const sent = [...given.prekeys, given.lastkey].find((prekey) => prekey.id === body.prekey.id);
        assert.deepEqual(body.prekey, sent);
        claimed.push(body.prekey.id);
      }
      assert.deepEqual(claimed.slice(0, 3).toSorted(), [0, 1, 2]);
      assert.deepEqual(claimed.slice(3), [lastResortId, lastResortId]);
      const left = await rig.send(client.getClientPrekeys, { user: alice, params: { client: id } });
      assert.deepEqual(left.body, [lastResortId]);
      await rig.send(client.updateClient, {
        user: alice,
        params: { client: id },
        body: { prekeys: makePrekeys(500, 1) },
      });
      assert.equal((await claim(rig, user, params)).body.prekey.id, 500);
    });

    it('gives no key to two of a hundred who claim at once', async () => {
      await using rig = await openRig(await freshUrl());
      const { user, params } = await withClient(rig, 60);
      const answers = await Promise.all(Array.from({ length: 100 }, () => claim(rig, user, params)));
      const ids = answers.map(({ body }) => body.prekey.id);
      const oneTime = ids.filter((id) => id !== lastResortId);
      assert.equal(oneTime.length, 60);
      assert.equal(new Set(oneTime).size, 60);
    });

    it('gives no key to two of those who claim many at once, in any order', async () => {
      await using rig = await openRig(await freshUrl());
      const people = await Promise.all(
        Array.from({ length: 6 }, async (_, index) => {
          const user = await rig.addUser(`user${index}@example.com`);
          const body = newClient({ prekeys: makePrekeys(0, 12) });
          return { user, id: (await rig.send(client.addClientV6, { user, body })).body.id };
        }),
      );
      const user = people[0]?.user;
      const claimAll = async (order: typeof people) => {
        const body = {
          [domain]: Object.fromEntries(order.map(({ user: { userId }, id }) => [userId, [id]])),
        };
        return (await rig.send(prekeys.claimPrekeys, { user, body })).body.qualified_user_client_prekeys;
      };
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, times) => claimAll(times % 2 === 0 ? people : people.toReversed())),
      );
      for (const { user: owner, id } of people) {
        const ids = answers.map((answer) => Object.values(answer)[0]?.[owner.userId]?.[id]?.id ?? -1);
        const oneTime = ids.filter((given) => given !== lastResortId);
        assert.equal(oneTime.length, 12);
        assert.equal(new Set(oneTime).size, 12);
      }
    });

    it('of unknown users and clients finds none, and of a wrong owner takes none', async () => {
      await using rig = await openRig(await freshUrl());
      const { alice, user, params, id } = await withClient(rig, 1);
      await assert.rejects(claim(rig, user, { ...params, client: 'beef' }), refused('not-found', 404));
      await assert.rejects(claim(rig, user, { ...params, uid: nobody }), refused('not-found', 404));
      await assert.rejects(claim(rig, user, { ...params, uid: user.userId }), refused('not-found', 404));
      const left = await rig.send(client.getClientPrekeys, { user: alice, params: { client: id } });
      assert.deepEqual(left.body, [0, lastResortId]);
    });

    it('of a removed client finds none', async () => {
      await using rig = await openRig(await freshUrl());
      const { alice, user, params, id } = await withClient(rig, 1);
      const body = { password: 'correct-horse' };
      await rig.send(client.removeClient, { user: alice, params: { client: id }, body });
      await assert.rejects(claim(rig, user, params), refused('not-found', 404));
    });
  });

  describe('claiming prekeys of a user', () => {
    it('gives one of each client, and of an unknown user none', async () => {
      await using rig = await openRig(await freshUrl());
      const { alice, user, id } = await withClient(rig, 2);
      const second = newClient({ type: 'temporary', prekeys: [] });
      const { body: made } = await rig.send(client.addClientV6, { user: alice, body: second });
      const claimAll = async (uid: string) =>
        (await rig.send(prekeys.claimUserPrekeys, { user, params: { domain, uid } })).body;
      const bundle = await claimAll(alice.userId);
      assert.equal(bundle.user, alice.userId);
      const byClient = new Map(bundle.clients.map(({ client: of, prekey }) => [of, prekey.id]));
      assert.deepEqual(
        byClient,
        new Map([
          [id, byClient.get(id)],
          [made.id, lastResortId],
        ]),
      );
      assert.notEqual(byClient.get(id), lastResortId);
      assert.deepEqual(await claimAll(nobody), { user: nobody, clients: [] });
      const legacy = await rig.send(prekeys.claimOwnDomainUserPrekeys, {
        user,
        params: { uid: alice.userId },
        version: 1,
      });
      assert.equal(legacy.body.clients.length, 2);
    });
  });

  describe('claiming prekeys of many users', () => {
    it('answers every client that was asked for, unknown ones with null, and takes one key of each', async () => {
      await using rig = await openRig(await freshUrl());
      const { alice, user, id } = await withClient(rig, 2);
      const wanted = { [alice.userId.toUpperCase()]: [id, id.toUpperCase(), '00BEEF'], [nobody]: ['1'] };
      const { body } = await rig.send(prekeys.claimPrekeys, { user, body: { [domain]: wanted } });
      const given = body.qualified_user_client_prekeys;
      const users = Object.values(given)[0] ?? {};
      assert.deepEqual(Object.keys(users).toSorted(), [alice.userId, nobody].toSorted());
      assert.deepEqual(users[nobody as typeof alice.userId], { 1: null });
      const clients = users[alice.userId] ?? {};
      assert.deepEqual(Object.keys(clients).toSorted(), [id, 'beef'].toSorted());
      assert.equal('failed_to_list' in body, false);
      const left = await rig.send(client.getClientPrekeys, { user: alice, params: { client: id } });
      assert.equal(left.body.length, 2);
      const old = await rig.send(prekeys.claimPrekeysOrFail, {
        user,
        body: { [domain]: { [alice.userId]: [id] } },
        version: 3,
      });
      assert.equal(typeof Object.values(old.body)[0]?.[alice.userId]?.[id]?.id, 'number');
      const oldest = await rig.send(prekeys.claimOwnDomainPrekeys, {
        user,
        body: { [alice.userId]: [id] },
        version: 1,
      });
      assert.equal(oldest.body[alice.userId]?.[id]?.id, lastResortId);
      assert.deepEqual((await rig.send(prekeys.claimPrekeys, { user, body: {} })).body, {
        qualified_user_client_prekeys: {},
      });
    });

    it('is refused for more users than a conversation has', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser('alice@example.com');
      const wanted = (count: number) =>
        Object.fromEntries(
          Array.from({ length: count }, (_, index) => [
            `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
            [],
          ]),
        );
      const send = (body: object) => rig.send(prekeys.claimPrekeys, { user, body });
      await send({ [domain]: wanted(500) });
      await assert.rejects(send({ [domain]: wanted(501) }), refused('too-many-clients', 403));
      const both = { [domain]: wanted(300), 'b.example.com': wanted(201) };
      await assert.rejects(send(both), refused('too-many-clients', 403));
    });

    it('is refused for what is no map of clients', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser('alice@example.com');
      for (const body of [
        null,
        [],
        'x',
        { 'no domain': {} },
        { [domain]: [] },
        { [domain]: { me: [] } },
        { [domain]: { [nobody]: 'a' } },
        { [domain]: { [nobody]: ['xyz'] } },
        { [domain]: { [nobody]: [5] } },
      ]) {
        const send = rig.send(prekeys.claimPrekeys, { user, body });
        await assert.rejects(send, refused('bad-request', 400), JSON.stringify(body));
      }
    });
  });
}
