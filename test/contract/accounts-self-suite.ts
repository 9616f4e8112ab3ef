import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { register } from '#contract/client/registration.ts';
import { searchContacts } from '#contract/client/search.ts';
import {
  deleteSelfEmail,
  deleteSelfPhone,
  getSelf,
  putSelf,
  putSelfLocale,
  putSelfPhone,
  putSelfSupportedProtocols,
} from '#contract/client/self.ts';
import {
  getActivationCode,
  getUser,
  getUserStatus,
  getUsers,
  putUserHandle,
  putUserName,
  putUserStatus,
  refreshIndex,
} from '#contract/internal/users.ts';
import type { AuthenticatedUser } from '#contract/route.ts';
import { openRig, type Rig, refused } from './brig-rig.ts';

/** Reference client-api 3.1 and 2.9. */
export function selfSuite(freshUrl: () => Promise<string>): void {
  const email = 'alice@example.com';
  const nobody = '6562d941-4f40-4db4-b96e-56a06d71c2c3';

  async function found(rig: Rig, user: AuthenticatedUser, q: string): Promise<readonly string[]> {
    return (await rig.send(searchContacts, { user, query: { q } })).body.documents.map(({ id }) => id ?? '');
  }

  describe('self', () => {
    it('changes what is given and nothing else', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(email);
      const before = (await rig.send(getSelf, { user })).body;
      const assets = [{ key: '3-1-47de4580-ae51-4650-acbb-d10c028cb0ac', type: 'image' }];
      await rig.send(putSelf, { user, body: { name: 'Alicia', accent_id: 7 } });
      await rig.send(putSelf, { user, body: { picture: [], assets } });
      await rig.send(putSelf, { user, body: {} });
      await rig.send(putSelfLocale, { user, body: { locale: 'fr_CH' } });
      await rig.send(putSelfSupportedProtocols, { user, body: { supported_protocols: ['mls', 'mls'] } });
      assert.deepEqual((await rig.send(getSelf, { user })).body, {
        ...before,
        name: 'Alicia',
        accent_id: 7,
        assets,
        locale: 'fr-CH',
        supported_protocols: ['mls'],
      });
    });

    it('refuses what is out of bounds', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(email);
      const wrong = [
        { name: '' },
        { name: 'x'.repeat(129) },
        { accent_id: 2 ** 31 },
        { assets: [{ key: 'k', type: 'film' }] },
        { picture: Array(11).fill(0) },
      ];
      for (const body of wrong) {
        await assert.rejects(rig.send(putSelf, { user, body }), refused('bad-request', 400));
      }
      const locale = rig.send(putSelfLocale, { user, body: { locale: 'x' } });
      await assert.rejects(locale, refused('bad-request', 400));
    });

    it('is not found for an account that is not there', async () => {
      await using rig = await openRig(await freshUrl());
      const user = { userId: nobody as AuthenticatedUser['userId'], clientId: undefined, connectionId: '1' };
      await assert.rejects(rig.send(getSelf, { user }), refused('not-found', 404));
      await assert.rejects(rig.send(putSelf, { user, body: { name: 'x' } }), refused('not-found', 404));
    });

    it('keeps its only e-mail', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(email);
      await assert.rejects(rig.send(deleteSelfEmail, { user }), refused('last-identity', 403));
      const guest = await rig.send(register, { body: { name: 'Guest' } });
      const asGuest = rig.send(deleteSelfEmail, { user: { ...user, userId: guest.body.id } });
      await assert.rejects(asGuest, refused('no-identity', 403));
    });

    it('gets no phone number, and has none to lose', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(email);
      const body = { phone: '+4912345678' };
      await assert.rejects(rig.send(putSelfPhone, { user, body }), refused('invalid-phone', 400));
      await assert.rejects(rig.send(deleteSelfPhone, { user }), refused('last-identity', 403));
      const guest = await rig.send(register, { body: { name: 'Guest' } });
      const asGuest = rig.send(deleteSelfPhone, { user: { ...user, userId: guest.body.id } });
      await assert.rejects(asGuest, refused('no-identity', 403));
    });

    it('is found by others under its new name at once, and not while suspended', async () => {
      await using rig = await openRig(await freshUrl());
      const alice = await rig.addUser(email);
      const bob = await rig.addUser('bob@example.com');
      await rig.send(putSelf, { user: alice, body: { name: 'Wonderland Alice' } });
      assert.deepEqual(await found(rig, bob, 'wonder'), [alice.userId]);
      await rig.send(putUserStatus, { params: { uid: alice.userId }, body: { status: 'suspended' } });
      assert.deepEqual(await found(rig, bob, 'wonder'), []);
      await rig.send(putUserStatus, { params: { uid: alice.userId }, body: { status: 'active' } });
      assert.deepEqual(await found(rig, bob, 'wonder'), [alice.userId]);
    });
  });

  describe("operators' routes", () => {
    it('list accounts by ids, handles and e-mail with their state', async () => {
      await using rig = await openRig(await freshUrl());
      const alice = await rig.addUser(email);
      const bob = await rig.addUser('bob@example.com');
      await rig.send(putUserHandle, { params: { uid: bob.userId }, body: { handle: 'bob.b' } });
      const list = async (query: Record<string, string>) =>
        (await rig.send(getUsers, { query })).body.map(({ id, status }) => `${id} ${status}`).toSorted();
      const both = [`${alice.userId} active`, `${bob.userId} active`].toSorted();
      assert.deepEqual(await list({ ids: `${alice.userId},${bob.userId},${nobody}` }), both);
      assert.deepEqual(await list({ handles: 'bob.b,carol' }), [`${bob.userId} active`]);
      assert.deepEqual(await list({ email: 'Alice+1@example.com' }), [`${alice.userId} active`]);
      await assert.rejects(list({}), refused('bad-request', 400));
      await assert.rejects(list({ ids: 'x' }), refused('bad-request', 400));
    });

    it('show and change one account', async () => {
      await using rig = await openRig(await freshUrl());
      const { userId } = await rig.addUser(email);
      const params = { uid: userId };
      await rig.send(putUserName, { params, body: { name: 'Alicia' } });
      const { body } = await rig.send(getUser, { params });
      assert.equal(body.name, 'Alicia');
      assert.equal(body.email, email);
      assert.deepEqual((await rig.send(getUserStatus, { params })).body, { status: 'active' });
      await rig.send(putUserStatus, { params, body: { status: 'suspended' } });
      assert.deepEqual((await rig.send(getUserStatus, { params })).body, { status: 'suspended' });
      await assert.rejects(rig.send(getUser, { params: { uid: nobody } }), refused('not-found', 404));
      await assert.rejects(
        rig.send(putUserStatus, { params, body: { status: 'ephemeral' } }),
        refused('bad-request', 400),
      );
      assert.equal((await rig.send(refreshIndex)).status, 200);
    });

    it('let an account that was suspended before its activation still wait for it', async () => {
      await using rig = await openRig(await freshUrl());
      const { body } = await rig.send(register, {
        body: { name: 'Alice', email, password: 'correct-horse' },
      });
      const params = { uid: body.id };
      await rig.send(putUserStatus, { params, body: { status: 'suspended' } });
      await rig.send(putUserStatus, { params, body: { status: 'active' } });
      await assert.rejects(rig.logIn(email), refused('pending-activation', 403));
    });

    it('give activation codes for exactly one identity', async () => {
      await using rig = await openRig(await freshUrl());
      const ask = (query: Record<string, string>) => rig.send(getActivationCode, { query });
      await assert.rejects(ask({}), refused('bad-request', 400));
      await assert.rejects(ask({ email, phone: '+4912345678' }), refused('bad-request', 400));
      await assert.rejects(ask({ email }), refused('not-found', 404));
      await assert.rejects(ask({ phone: '+4912345678' }), refused('not-found', 404));
    });
  });
}
