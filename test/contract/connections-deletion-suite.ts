import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as client from '#contract/client/connections.ts';
import { login } from '#contract/client/login.ts';
import { register } from '#contract/client/registration.ts';
import { deleteSelf, getSelf, putSelfHandle, verifyDeletion } from '#contract/client/self.ts';
import { getUser } from '#contract/client/users.ts';
import type { Push } from '#contract/events/push.ts';
import type { UserId } from '#contract/ids.ts';
import { forceConnections } from '#contract/internal/connections.ts';
import { getUser as getAccount, removeUser } from '#contract/internal/users.ts';
import type { AuthenticatedUser } from '#contract/route.ts';
import { until } from '#testkit';
import { openRig, password, type Rig, refused } from './brig-rig.ts';
import { domainOf, openPair, type Pair } from './connections-pair.ts';

const email = 'alice@example.com';
const nobody = '6562d941-4f40-4db4-b96e-56a06d71c2c3' as UserId;

function usersTold(pushes: readonly Push[], type: string): readonly string[] {
  return pushes
    .filter(({ event }) => event.type === type)
    .flatMap(({ recipients }) => recipients.map(({ user }) => user))
    .toSorted();
}

async function connect(rig: Rig, one: AuthenticatedUser, other: AuthenticatedUser, accepted: boolean) {
  const params = (user: AuthenticatedUser) => ({ domain: domainOf('a'), uid: user.userId });
  await rig.send(client.createConnection, { user: one, params: params(other) });
  if (accepted) await rig.send(client.createConnection, { user: other, params: params(one) });
}

async function rowsOf(rig: Rig, user: UserId): Promise<number> {
  const rows = await rig.storage.reader
    .selectFrom('connection')
    .select('user_id')
    .where((row) => row.or([row('user_id', '=', user), row('other_id', '=', user)]))
    .execute();
  return rows.length;
}

/** What `DELETE /self` does in each state of an account (reference client-api 3.1). */
function requestSuite(freshUrl: () => Promise<string>): void {
  describe('asking for the own deletion', () => {
    it('with the password deletes at once, and again changes nothing', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(email);
      await rig.send(putSelfHandle, { user, body: { handle: 'alice' } });
      assert.deepEqual(await rig.send(deleteSelf, { user, body: { password } }), { status: 200 });
      const { body } = await rig.send(getSelf, { user });
      assert.deepEqual(
        [body.deleted, body.name, body.email, body.handle, body.assets],
        [true, 'default', undefined, undefined, []],
      );
      assert.deepEqual(await rig.send(deleteSelf, { user, body: {} }), { status: 200 });
      assert.deepEqual(usersTold(rig.pushes, 'user.delete'), [user.userId]);
      await assert.rejects(rig.logIn(email), refused('invalid-credentials', 403));
      // The address is free again, the handle never is.
      const other = await rig.addUser(email);
      const taken = rig.send(putSelfHandle, { user: other, body: { handle: 'alice' } });
      await assert.rejects(taken, refused('handle-exists', 409));
    });

    it('with a wrong password, or one of an account without any, is refused', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(email);
      const wrong = rig.send(deleteSelf, { user, body: { password: 'wrong-horse' } });
      await assert.rejects(wrong, refused('invalid-credentials', 403));
      const guest = { ...user, userId: (await rig.send(register, { body: { name: 'Guest' } })).body.id };
      const none = rig.send(deleteSelf, { user: guest, body: { password } });
      await assert.rejects(none, refused('invalid-credentials', 403));
      await assert.rejects(
        rig.send(deleteSelf, { user, body: { password: 'short' } }),
        refused('bad-request', 400),
      );
    });

    it('without a password mails a code for ten minutes, which deletes once', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(email);
      const asked = await rig.send(deleteSelf, { user });
      assert.deepEqual(asked, { status: 202, body: { expires_in: 600 } });
      rig.clock.now += 60_000;
      await assert.rejects(rig.send(deleteSelf, { user, body: {} }), (error) => {
        refused('pending-delete', 403)(error);
        assert.equal((error as { body(): { expires_in?: number } }).body().expires_in, 540);
        return true;
      });
      const { key, code } = await rig.storage.reader
        .selectFrom('deletion_code')
        .selectAll()
        .executeTakeFirstOrThrow();
      assert.deepEqual(await rig.send(verifyDeletion, { body: { key, code } }), { status: 200 });
      assert.equal((await rig.send(getSelf, { user })).body.deleted, true);
      const again = rig.send(verifyDeletion, { body: { key, code } });
      await assert.rejects(again, refused('invalid-code', 403));
    });

    it('takes three wrong codes and no more, and none that has expired', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(email);
      const pending = () =>
        rig.storage.reader.selectFrom('deletion_code').selectAll().executeTakeFirstOrThrow();
      await rig.send(deleteSelf, { user });
      const { key, code } = await pending();
      rig.clock.now += 600_000;
      await assert.rejects(rig.send(verifyDeletion, { body: { key, code } }), refused('invalid-code', 403));
      await rig.send(deleteSelf, { user });
      const right = (await pending()).code;
      for (let guess = 0; guess < 3; guess += 1) {
        const body = { key, code: `wrong-code-${guess}` };
        await assert.rejects(rig.send(verifyDeletion, { body }), refused('invalid-code', 403));
      }
      const body = { key, code: right };
      await assert.rejects(rig.send(verifyDeletion, { body }), refused('invalid-code', 403));
      const unknown = { key: 'x'.repeat(20), code: right };
      await assert.rejects(rig.send(verifyDeletion, { body: unknown }), refused('invalid-code', 403));
      await assert.rejects(
        rig.send(verifyDeletion, { body: { key: 'x', code: 'y' } }),
        refused('bad-request', 400),
      );
    });

    it('without an identity deletes at once; team owners and nobody are refused', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(email);
      const guest = { ...user, userId: (await rig.send(register, { body: { name: 'Guest' } })).body.id };
      assert.deepEqual(await rig.send(deleteSelf, { user: guest }), { status: 200 });
      const missing = rig.send(deleteSelf, { user: { ...user, userId: nobody } });
      await assert.rejects(missing, refused('invalid-user', 400));
      await rig.storage.work(({ db }) => db.updateTable('account').set({ team: nobody }).execute());
      const owner = rig.send(deleteSelf, { user, body: { password } });
      await assert.rejects(owner, refused('no-self-delete-for-team-owner', 403));
    });

    it('by an operator answers 202, then 200, and 404 for nobody', async () => {
      await using rig = await openRig(await freshUrl());
      const { userId } = await rig.addUser(email);
      const params = { uid: userId };
      assert.equal((await rig.send(removeUser, { params })).status, 202);
      assert.equal((await rig.send(removeUser, { params })).status, 200);
      assert.equal((await rig.send(getAccount, { params })).body.status, 'deleted');
      await assert.rejects(rig.send(removeUser, { params: { uid: nobody } }), refused('not-found', 404));
    });
  });
}

/** What a deletion does to others on the same backend. */
function effectSuite(freshUrl: () => Promise<string>): void {
  describe('a deletion', () => {
    it('is told to the own clients and accepted contacts; an open request is withdrawn; all rows go', async () => {
      await using rig = await openRig(await freshUrl());
      const alice = await rig.addUser(email);
      const [friend, asked, asker, stranger] = [
        await rig.addUser('friend@example.com'),
        await rig.addUser('asked@example.com'),
        await rig.addUser('asker@example.com'),
        await rig.addUser('stranger@example.com'),
      ];
      await connect(rig, alice, friend, true);
      await connect(rig, alice, asked, false);
      await connect(rig, asker, alice, false);
      await connect(rig, friend, stranger, true);
      const since = rig.pushes.length;
      await rig.send(deleteSelf, { user: alice, body: { password } });
      const pushes = rig.pushes.slice(since);
      assert.deepEqual(usersTold(pushes, 'user.delete'), [alice.userId, friend.userId].toSorted());
      const withdrawn = pushes.filter(({ event }) => event.type === 'user.connection');
      assert.deepEqual(
        withdrawn.map(({ recipients }) => recipients),
        [[{ user: asked.userId }]],
      );
      const seen = withdrawn.map(({ event }) => {
        const { connection } = event as unknown as { readonly connection: client.UserConnection };
        return [connection.status, connection.to];
      });
      assert.deepEqual(seen, [['cancelled', alice.userId]]);
      for (const { origin } of pushes) assert.equal(origin?.user, alice.userId);
      assert.equal(await rowsOf(rig, alice.userId), 0);
      assert.equal(await rowsOf(rig, stranger.userId), 2);
    });

    it('with two thousand connections is one unit of work and tells every contact', async () => {
      await using rig = await openRig(await freshUrl());
      const alice = await rig.addUser(email);
      const ids = Array.from({ length: 2000 }, (_, index) => {
        const digits = index.toString(16).padStart(12, '0');
        return `00000000-0000-4000-8000-${digits}` as UserId;
      });
      const common = {
        suspended_status: null,
        conversation_domain: domainOf('a'),
        conversation_id: nobody,
        updated_at: 0,
        revision: 1,
        heard: 0,
        status: 'accepted',
        other_domain: '',
      };
      await rig.storage.work(async ({ db }) => {
        for (let start = 0; start < ids.length; start += 500) {
          const rows = ids.slice(start, start + 500).flatMap((id) => [
            { ...common, user_id: alice.userId, other_id: id },
            { ...common, user_id: id, other_id: alice.userId },
          ]);
          await db.insertInto('connection').values(rows).execute();
        }
      });
      await rig.send(deleteSelf, { user: alice, body: { password } });
      assert.equal(usersTold(rig.pushes, 'user.delete').length, 2001);
      assert.equal(await rowsOf(rig, alice.userId), 0);
    });

    it('of somebody whom another one accepts at that moment leaves no row behind', async () => {
      await using rig = await openRig(await freshUrl());
      const bob = await rig.addUser('bob@example.com');
      for (let round = 0; round < 3; round += 1) {
        const alice = await rig.addUser(`alice${round}@example.com`);
        await connect(rig, alice, bob, false);
        const params = { domain: domainOf('a'), uid: alice.userId };
        await Promise.allSettled([
          rig.send(client.updateConnection, { user: bob, params, body: { status: 'accepted' } }),
          rig.send(removeUser, { params: { uid: alice.userId } }),
          rig.send(client.createConnection, { user: bob, params }),
        ]);
        assert.equal(await rowsOf(rig, alice.userId), 0);
      }
    });

    it('of an expired guest follows the read that shows it once more', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser(email);
      const guest = await rig.send(register, { body: { name: 'Guest', expires_in: 60 } });
      const params = { domain: domainOf('a'), uid: guest.body.id };
      const read = async () => (await rig.send(getUser, { user, params })).body;
      assert.equal((await read()).deleted, undefined);
      rig.clock.now += 61_000;
      assert.equal((await read()).name, 'Guest');
      await until('the guest to be deleted', async () => (await read()).deleted === true);
    });

    it('keeps nobody logged in', async () => {
      await using rig = await openRig(await freshUrl());
      await rig.addUser(email);
      const { user } = await rig.logIn(email);
      await rig.send(deleteSelf, { user, body: { password } });
      const cookies = await rig.storage.reader.selectFrom('cookie').selectAll().execute();
      assert.deepEqual(cookies, []);
      await assert.rejects(
        rig.send(login, { body: { email, password } }),
        refused('invalid-credentials', 403),
      );
    });
  });
}

/** What other backends learn. */
function remoteSuite(freshUrls: () => Promise<readonly [string, string]>): void {
  async function meet({ a, b }: Pair) {
    return { alice: await a.addUser(email), bob: await b.addUser('bob@example.com') };
  }

  describe('a deletion across backends', () => {
    it('is told to accepted contacts there, once, and the rows go', async () => {
      await using pair = await openPair(await freshUrls());
      const { alice, bob } = await meet(pair);
      const toBob = { domain: domainOf('b'), uid: bob.userId };
      const toAlice = { domain: domainOf('a'), uid: alice.userId };
      await pair.a.send(client.createConnection, { user: alice, params: toBob });
      await pair.b.send(client.createConnection, { user: bob, params: toAlice });
      await pair.a.send(deleteSelf, { user: alice, body: { password } });
      await until('the other backend to learn of it', async () => (await rowsOf(pair.b, bob.userId)) === 0);
      const events = pair.b.pushes.filter(({ event }) => event.type === 'user.delete');
      assert.deepEqual(
        events.map(({ event, recipients }) => ({ event, recipients })),
        [
          {
            event: {
              type: 'user.delete',
              id: alice.userId,
              qualified_id: { domain: domainOf('a'), id: alice.userId },
            },
            recipients: [{ user: bob.userId }],
          },
        ],
      );
    });

    it('withdraws an open request there before it is told, also when that backend was down', async () => {
      await using pair = await openPair(await freshUrls());
      const { alice, bob } = await meet(pair);
      const params = { domain: domainOf('b'), uid: bob.userId };
      await pair.a.send(client.createConnection, { user: alice, params });
      pair.wire.fault = () => 'unheard';
      pair.wire.arrived.length = 0;
      const since = pair.b.pushes.length;
      await pair.a.send(deleteSelf, { user: alice, body: { password } });
      pair.wire.fault = () => undefined;
      await until('the other backend to learn of it', async () => (await rowsOf(pair.b, bob.userId)) === 0);
      assert.deepEqual(pair.wire.arrived, [
        'b.example.com send-connection-action RemoteRescind',
        'b.example.com on-user-deleted-connections',
      ]);
      const told = pair.b.pushes.slice(since).map(({ event }) => event);
      assert.deepEqual(
        told.map(({ type }) => type),
        ['user.connection'],
      );
    });

    it('names at most a thousand users in a message, and all of them', async () => {
      await using pair = await openPair(await freshUrls());
      const { alice, bob } = await meet(pair);
      const common = {
        user_id: alice.userId,
        other_domain: domainOf('b'),
        suspended_status: null,
        conversation_domain: domainOf('b'),
        conversation_id: nobody,
        updated_at: 0,
        revision: 1,
        heard: 0,
        status: 'pending',
      };
      await pair.a.storage.work(async ({ db }) => {
        for (let start = 0; start < 2100; start += 300) {
          const rows = Array.from({ length: 300 }, (_, index) => ({
            ...common,
            other_id: `00000000-0000-4000-8000-${(start + index).toString(16).padStart(12, '0')}`,
          }));
          await db.insertInto('connection').values(rows).execute();
        }
      });
      const other = { domain: domainOf('a'), id: alice.userId };
      const change = { tag: 'CreateConnectionForTest', user: bob.userId, other };
      await pair.b.send(forceConnections, { body: change });
      pair.wire.fault = () => 'unheard';
      await pair.a.send(deleteSelf, { user: alice, body: { password } });
      const queued = await pair.a.storage.reader.selectFrom('outbox').select('input').execute();
      const named = queued.map(({ input }) => (JSON.parse(input) as { connections: string[] }).connections);
      assert.ok(named.every((some) => some.length <= 1000));
      assert.equal(new Set(named.flat()).size, 2100);
    });
  });
}

/** Deletion of accounts, the same on both databases. */
export function deletionSuite(freshUrls: () => Promise<readonly [string, string]>): void {
  const freshUrl = async () => (await freshUrls())[0];
  requestSuite(freshUrl);
  effectSuite(freshUrl);
  remoteSuite(freshUrls);
}
