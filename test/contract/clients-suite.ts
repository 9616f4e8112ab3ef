import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import * as client from '#contract/client/clients.ts';
import { access } from '#contract/client/login.ts';
import { deleteSelf } from '#contract/client/self.ts';
import { addUserClient, listClientIds, listFullClients } from '#contract/internal/clients.ts';
import type { Work } from '#storage';
import { lastResortId, makePrekey, makePrekeys, type TestPrekey } from '#testkit';
import { openRig, password, type Rig, refused } from './brig-rig.ts';

/** The body of `POST /clients` with a few fresh prekeys. */
export function newClient(more: object = {}) {
  return {
    type: 'permanent',
    class: 'desktop',
    label: 'laptop',
    model: 'Firefox',
    prekeys: makePrekeys(0, 3),
    lastkey: makePrekey(lastResortId),
    ...more,
  };
}

const alicesMail = 'alice@example.com';

/** The id as the reference computes it, by another way than the code under test. */
function idOf({ key }: TestPrekey): string {
  return createHash('sha256').update(key, 'utf8').digest('hex').slice(0, 16).replace(/^0+/, '');
}

/** Reference client-api 3.5. */
export function clientsSuite(freshUrl: () => Promise<string>): void {
  describe('registering a client', () => {
    it('answers the id that its last-resort key gives it, and shows it to its owner', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(alicesMail);
      const body = newClient({ cookie: 'web-1', capabilities: ['legalhold-implicit-consent'] });
      const made = await rig.send(client.addClientV6, { user, body });
      const id = idOf(body.lastkey);
      assert.equal(made.status, 201);
      assert.equal(made.headers?.location, id);
      assert.deepEqual(made.body, {
        id,
        type: 'permanent',
        class: 'desktop',
        label: 'laptop',
        model: 'Firefox',
        cookie: 'web-1',
        time: new Date(rig.clock.now).toISOString(),
        capabilities: { capabilities: ['legalhold-implicit-consent'] },
        mls_public_keys: {},
      });
      const params = { client: id };
      assert.deepEqual((await rig.send(client.listClientsV6, { user })).body, [made.body]);
      const found = await rig.send(client.getClientV6, { user, params: { client: id.toUpperCase() } });
      assert.deepEqual(found, { status: 200, body: made.body });
      const { body: keys } = await rig.send(client.getClientPrekeys, { user, params });
      assert.deepEqual(keys, [0, 1, 2, lastResortId]);
      const { body: capabilities } = await rig.send(client.getClientCapabilitiesV6, { user, params });
      assert.deepEqual(capabilities, { capabilities: ['legalhold-implicit-consent'] });
    });

    it('shows capabilities as a plain list from version 7 on', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(alicesMail);
      const body = newClient({ capabilities: ['legalhold-implicit-consent'] });
      const made = await rig.send(client.addClientV7, { user, body, version: 7 });
      assert.deepEqual(made.body.capabilities, ['legalhold-implicit-consent']);
      const [listed] = (await rig.send(client.listClients, { user, version: 7 })).body;
      assert.deepEqual(listed, made.body);
    });

    it('knows consumable notifications from version 8 on, and shows them to no older one', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(alicesMail);
      const capabilities = ['legalhold-implicit-consent', 'consumable-notifications'];
      const body = newClient({ capabilities });
      for (const older of [client.addClientV6, client.addClientV7])
        await assert.rejects(rig.send(older, { user, body, version: 7 }), refused('bad-request', 400));
      const made = await rig.send(client.addClient, { user, body, version: 8 });
      const params = { client: made.body.id };
      assert.deepEqual(made.body.capabilities, capabilities);
      const shown = await Promise.all([
        rig.send(client.getClientCapabilities, { user, params, version: 8 }),
        rig.send(client.getClientCapabilities, { user, params, version: 7 }),
        rig.send(client.getClientCapabilitiesV6, { user, params, version: 6 }),
      ]);
      assert.deepEqual(
        shown.map(({ body }) => body),
        [capabilities, capabilities.slice(0, 1), { capabilities: capabilities.slice(0, 1) }],
      );
      const older = { user, params, version: 7, body: { capabilities } };
      await assert.rejects(rig.send(client.updateClientV7, older), refused('bad-request', 400));
    });

    it('tells all clients of the user, the new one too, in the form of version 6', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(alicesMail);
      const { body } = await rig.send(client.addClientV6, { user, body: newClient() });
      assert.deepEqual(rig.pushes, [
        {
          recipients: [{ user: user.userId }],
          event: { type: 'user.client-add', client: body },
          origin: { user: user.userId, connectionId: user.connectionId },
          route: 'any',
        },
      ]);
    });

    it('needs the password from the second client of a type on', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(alicesMail);
      const add = (more: object) => rig.send(client.addClientV6, { user, body: newClient(more) });
      await add({});
      await assert.rejects(add({}), refused('missing-auth', 403));
      await assert.rejects(add({ password: 'wrong-horse' }), refused('invalid-credentials', 403));
      await add({ password });
      await add({ type: 'temporary' });
      await assert.rejects(add({ type: 'temporary' }), refused('missing-auth', 403));
      await add({ type: 'temporary', password });
      assert.equal((await rig.send(client.listClientsV6, { user })).body.length, 3);
    });

    it('lets one of two first clients that come at once in without the password', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(alicesMail);
      const add = (more: object = {}) => rig.send(client.addClientV6, { user, body: newClient(more) });
      const results = await Promise.allSettled([add(), add(), add()]);
      const refusals = results.filter((result) => result.status === 'rejected');
      assert.equal(refusals.length, 2);
      for (const { reason } of refusals) refused('missing-auth', 403)(reason);
      await Promise.all([add({ password }), add({ password })]);
      assert.equal((await rig.send(client.listClientsV6, { user })).body.length, 3);
    });

    it('is possible for seven permanent clients, however many ask at once', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(alicesMail);
      const add = (more: object = {}) =>
        rig.send(client.addClientV6, { user, body: newClient({ password, ...more }) });
      const results = await Promise.allSettled(Array.from({ length: 10 }, () => add()));
      const refusals = results.filter((result) => result.status === 'rejected');
      assert.equal(refusals.length, 3);
      for (const { reason } of refusals) refused('too-many-clients', 403)(reason);
      await add({ type: 'temporary' });
      assert.equal((await rig.send(client.listClientsV6, { user })).body.length, 8);
    });

    it('again with the same last-resort key replaces its data, even at the limit and without password', async () => {
      await using rig = await openRig(await freshUrl(), { settings: { clientLimit: 1 } });
      const user = await rig.addUser(alicesMail);
      const body = newClient();
      const first = await rig.send(client.addClientV6, { user, body });
      rig.clock.now += 1000;
      const prekeys = makePrekeys(1, 5);
      const again = await rig.send(client.addClientV6, {
        user,
        body: { ...body, label: 'renamed', model: undefined, prekeys, mls_public_keys: { ed25519: 'AAAA' } },
      });
      assert.equal(again.body.id, first.body.id);
      assert.deepEqual((await rig.send(client.listClientsV6, { user })).body, [again.body]);
      assert.equal(again.body.label, 'renamed');
      assert.equal('model' in again.body, false);
      const params = { client: first.body.id };
      const { body: keys } = await rig.send(client.getClientPrekeys, { user, params });
      assert.deepEqual(keys, [0, 1, 2, 3, 4, 5, lastResortId]);
    });

    it('as a temporary one removes the earlier temporary ones', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(alicesMail);
      const add = (more: object) => rig.send(client.addClientV6, { user, body: newClient(more) });
      const kept = await add({});
      const { body: old } = await add({ type: 'temporary' });
      const { body: made } = await add({ type: 'temporary', password });
      const ids = (await rig.send(client.listClientsV6, { user })).body.map(({ id }) => id);
      assert.deepEqual(ids.toSorted(), [kept.body.id, made.id].toSorted());
      assert.deepEqual(
        rig.pushes.slice(2).map(({ event }) => event),
        [
          { type: 'user.client-remove', client: { id: old.id } },
          { type: 'user.client-add', client: made },
        ],
      );
      const params = { client: old.id };
      assert.deepEqual((await rig.send(client.getClientPrekeys, { user, params })).body, []);
    });

    const prekey = makePrekey(1);
    const refusals: readonly (readonly [string, object, string])[] = [
      ['a last-resort key of another id', { lastkey: makePrekey(7) }, 'bad-request'],
      ['a last-resort key made for another id', { lastkey: { ...prekey, id: lastResortId } }, 'bad-request'],
      ['a prekey made for another id', { prekeys: [{ ...prekey, id: 2 }] }, 'bad-request'],
      ['a prekey that is no base64', { prekeys: [{ id: 1, key: `${prekey.key}*` }] }, 'bad-request'],
      ['a prekey that is no bundle', { prekeys: [{ id: 1, key: 'AAAA' }] }, 'bad-request'],
      ['a negative prekey id', { prekeys: [{ ...prekey, id: -1 }] }, 'bad-request'],
      ['a prekey id that is too large', { prekeys: [{ ...prekey, id: 65_536 }] }, 'bad-request'],
      ['no last-resort key', { lastkey: undefined }, 'bad-request'],
      ['no prekeys', { prekeys: undefined }, 'bad-request'],
      ['more prekeys than anybody needs', { prekeys: Array(2_001).fill(prekey) }, 'bad-request'],
      ['an unknown type', { type: 'eternal' }, 'bad-request'],
      ['a legalhold client', { type: 'legalhold' }, 'client-error'],
      ['an unknown class', { class: 'fridge' }, 'bad-request'],
      ['an unknown capability', { capabilities: ['flying'] }, 'bad-request'],
      ['an unknown signature scheme', { mls_public_keys: { rot13: 'AAAA' } }, 'bad-request'],
      ['a signature key that is no base64', { mls_public_keys: { ed25519: '!' } }, 'bad-request'],
      ['a label of a megabyte', { label: 'x'.repeat(1_000_000) }, 'bad-request'],
    ];
    for (const [what, more, label] of refusals) {
      it(`is refused with ${what}, and leaves nothing behind`, async () => {
        await using rig = await openRig(await freshUrl());
        const user = await rig.addUser(alicesMail);
        const add = rig.send(client.addClientV6, { user, body: newClient(more) });
        await assert.rejects(add, refused(label, 400));
        assert.deepEqual((await rig.send(client.listClientsV6, { user })).body, []);
        assert.deepEqual(rig.pushes, []);
      });
    }
  });

  describe('changing a client', () => {
    async function withClient(rig: Rig, more: object = {}) {
      const user = await rig.addUser(alicesMail);
      const { body } = await rig.send(client.addClientV6, { user, body: newClient(more) });
      const params = { client: body.id };
      return {
        user,
        params,
        update: (change: object) => rig.send(client.updateClient, { user, params, body: change }),
        get: async () => (await rig.send(client.getClientV6, { user, params })).body,
      };
    }

    it('changes what is given and adds prekeys, without an event', async () => {
      await using rig = await openRig(await freshUrl());
      const { user, params, update, get } = await withClient(rig);
      const before = await get();
      await update({});
      await update({ label: null, prekeys: null, lastkey: null, capabilities: null, mls_public_keys: null });
      assert.deepEqual(await get(), before);
      await update({
        label: 'other',
        prekeys: makePrekeys(2, 2),
        capabilities: ['legalhold-implicit-consent'],
      });
      await update({ lastkey: makePrekey(lastResortId), mls_public_keys: { ed25519: 'ZO0P' } });
      assert.deepEqual(await get(), {
        ...before,
        label: 'other',
        capabilities: { capabilities: ['legalhold-implicit-consent'] },
        mls_public_keys: { ed25519: 'ZO0P' },
      });
      const { body: keys } = await rig.send(client.getClientPrekeys, { user, params });
      assert.deepEqual(keys, [0, 1, 2, 3, lastResortId]);
      assert.equal(rig.pushes.length, 1);
    });

    it('takes no capability away and sets no signature key twice', async () => {
      await using rig = await openRig(await freshUrl());
      const { update, get } = await withClient(rig, {
        capabilities: ['legalhold-implicit-consent'],
        mls_public_keys: { ed25519: 'ZO0P' },
      });
      await assert.rejects(
        update({ capabilities: [] }),
        refused('client-capabilities-cannot-be-removed', 409),
      );
      const duplicate = update({ label: 'x', mls_public_keys: { ed25519: 'ZO0P' } });
      await assert.rejects(duplicate, refused('mls-duplicate-public-key', 400));
      await update({ mls_public_keys: { ecdsa_secp256r1_sha256: 'AAAA' } });
      const keys = { ed25519: 'ZO0P', ecdsa_secp256r1_sha256: 'AAAA' };
      assert.deepEqual((await get())?.mls_public_keys, keys);
      assert.equal((await get())?.label, 'laptop');
    });

    it('sets one of the signature keys that come at once', async () => {
      await using rig = await openRig(await freshUrl());
      const { update } = await withClient(rig);
      const keys = ['AAAA', 'BBBB', 'CCCC', 'DDDD'];
      const results = await Promise.allSettled(
        keys.map((ed25519) => update({ mls_public_keys: { ed25519 } })),
      );
      const refusals = results.filter((result) => result.status === 'rejected');
      assert.equal(refusals.length, 3);
      for (const { reason } of refusals) refused('mls-duplicate-public-key', 400)(reason);
    });

    it('refuses malformed prekeys, and clients that are unknown or of somebody else', async () => {
      await using rig = await openRig(await freshUrl());
      const { params, update } = await withClient(rig);
      const wrong = update({ prekeys: [{ ...makePrekey(3), id: 4 }] });
      await assert.rejects(wrong, refused('bad-request', 400, /Malformed prekeys/));
      const bob = await rig.addUser('bob@example.com');
      const asBob = { user: bob, params };
      await assert.rejects(
        rig.send(client.updateClient, { ...asBob, body: { label: 'mine' } }),
        refused('client-not-found', 404),
      );
      await assert.rejects(
        rig.send(client.removeClient, { ...asBob, body: { password } }),
        refused('client-not-found', 404),
      );
      assert.deepEqual(await rig.send(client.getClientV6, asBob), { status: 404 });
      assert.deepEqual((await rig.send(client.getClientPrekeys, asBob)).body, []);
      await assert.rejects(rig.send(client.getClientCapabilities, asBob), refused('client-not-found', 404));
    });
  });

  describe('removing a client', () => {
    it('needs the password of a permanent one, and tells the others', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(alicesMail);
      const { body } = await rig.send(client.addClientV6, { user, body: newClient() });
      const params = { client: body.id };
      const remove = (given: object | undefined) =>
        rig.send(client.removeClient, { user, params, body: given });
      await assert.rejects(remove(undefined), refused('missing-auth', 403));
      await assert.rejects(remove({ password: 'wrong-horse' }), refused('invalid-credentials', 403));
      await remove({ password });
      assert.deepEqual((await rig.send(client.listClientsV6, { user })).body, []);
      const removed = { type: 'user.client-remove', client: { id: body.id } };
      assert.deepEqual(rig.pushes.at(-1)?.event, removed);
      await assert.rejects(remove({ password }), refused('client-not-found', 404));
    });

    it('goes without an event of its own when the account ends: user.delete tells of it', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(alicesMail);
      await rig.send(client.addClientV6, { user, body: newClient() });
      await rig.send(deleteSelf, { user, body: { password } });
      const types = rig.pushes.map(({ event }) => event.type);
      assert.deepEqual(types, ['user.client-add', 'user.delete']);
      assert.deepEqual((await rig.send(client.listClientsV6, { user })).body, []);
    });

    it('needs no password of a temporary one', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(alicesMail);
      const { body } = await rig.send(client.addClientV6, { user, body: newClient({ type: 'temporary' }) });
      await rig.send(client.removeClient, { user, params: { client: body.id }, body: undefined });
      assert.deepEqual((await rig.send(client.listClientsV6, { user })).body, []);
    });

    it('ends the sessions with its cookie label, and tells whoever keeps something for it', async () => {
      const told: string[] = [];
      const hook = async (work: Work, userId: string, clientId: string) => {
        work.onCommit(() => told.push(`${userId} ${clientId}`));
      };
      await using rig = await openRig(await freshUrl(), { onClientRemoved: [hook] });
      const user = await rig.addUser(alicesMail);
      const ended = await rig.logIn(alicesMail, true, 'web-1');
      const kept = await rig.logIn(alicesMail, true, 'web-2');
      const { body } = await rig.send(client.addClientV6, { user, body: newClient({ cookie: 'web-1' }) });
      await rig.send(client.removeClient, { user, params: { client: body.id }, body: { password } });
      const renew = ({ zuid }: { readonly zuid: string }) => rig.send(access, { zuid: [zuid] });
      await assert.rejects(renew(ended), refused('invalid-credentials', 403));
      await renew(kept);
      assert.deepEqual(told, [`${user.userId} ${body.id}`]);
    });

    it('takes its id from sessions that want to be bound to it', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(alicesMail);
      const { zuid } = await rig.logIn(alicesMail);
      const { body } = await rig.send(client.addClientV6, { user, body: newClient() });
      const bind = () => rig.send(access, { zuid: [zuid], query: { client_id: body.id } });
      await bind();
      await rig.send(client.removeClient, { user, params: { client: body.id }, body: { password } });
      await assert.rejects(bind(), refused('invalid-credentials', 403));
    });
  });

  describe('operators', () => {
    it('add clients without password and list those of many users', async () => {
      await using rig = await openRig(await freshUrl());
      const { userId } = await rig.addUser(alicesMail);
      const { userId: bob } = await rig.addUser('bob@example.com');
      const add = (skip: string) =>
        rig.send(addUserClient, { params: { uid: userId }, query: { skip_reauth: skip }, body: newClient() });
      const made = [await add('true'), await add('true')].map(({ body }) => body);
      await assert.rejects(add('false'), refused('missing-auth', 403));
      const ids = made.map(({ id }) => id).toSorted();
      const users = [userId, bob];
      assert.deepEqual((await rig.send(listClientIds, { body: { users } })).body, {
        [userId]: ids,
        [bob]: [],
      });
      const { body: full } = await rig.send(listFullClients, { body: { users } });
      assert.deepEqual(full[bob], []);
      const byId = (one: { id: string }, other: { id: string }) => (one.id < other.id ? -1 : 1);
      assert.deepEqual(full[userId]?.toSorted(byId), made.toSorted(byId));
    });
  });

  describe('clients of other users', () => {
    it('are shown with id and class only, and of unknown users none', async () => {
      await using rig = await openRig(await freshUrl());
      const alice = await rig.addUser(alicesMail);
      const user = await rig.addUser('bob@example.com');
      const { body: made } = await rig.send(client.addClientV6, { user: alice, body: newClient() });
      const params = { domain: 'a.example.com', uid: alice.userId };
      const shown = { id: made.id, class: 'desktop' };
      assert.deepEqual((await rig.send(client.getUserClients, { user, params })).body, [shown]);
      const unknown = { domain: 'a.example.com', uid: '00000000-0000-4000-8000-000000000000' };
      assert.deepEqual((await rig.send(client.getUserClients, { user, params: unknown })).body, []);
      const one = (id: string) => rig.send(client.getUserClient, { user, params: { ...params, client: id } });
      assert.deepEqual((await one(made.id)).body, shown);
      await assert.rejects(one('beef'), refused('not-found', 404));
      const legacy = await rig.send(client.getOwnDomainUserClients, {
        user,
        params: { uid: alice.userId },
        version: 1,
      });
      assert.deepEqual(legacy.body, [shown]);
      const listed = await rig.send(client.listUserClients, {
        user,
        body: { qualified_users: [params, unknown].map(({ domain, uid: id }) => ({ domain, id })) },
      });
      assert.deepEqual(listed.body, {
        qualified_user_map: { 'a.example.com': { [alice.userId]: [shown], [unknown.uid]: [] } },
      });
    });

    it('are refused for more than 500 users', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(alicesMail);
      const qualified_users = Array(501).fill({ domain: 'a.example.com', id: user.userId });
      const list = rig.send(client.listUserClients, { user, body: { qualified_users } });
      await assert.rejects(list, refused('bad-request', 400));
    });
  });

  it('the use of a client is remembered by weeks', async () => {
    await using rig = await openRig(await freshUrl());
    const user = await rig.addUser(alicesMail);
    const { body } = await rig.send(client.addClientV6, { user, body: newClient() });
    rig.clock.now = Date.parse('2026-11-24T08:00:00Z');
    await rig.brig.clients.recordActivity(user.userId, body.id);
    await rig.brig.clients.recordActivity(user.userId, 'beef' as typeof body.id);
    const [shown] = (await rig.send(client.listClientsV6, { user })).body;
    assert.equal(shown?.last_active, '2026-11-26T00:00:00Z');
  });
}
