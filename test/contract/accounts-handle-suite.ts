import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkHandles, headHandle } from '#contract/client/handles.ts';
import { register } from '#contract/client/registration.ts';
import { getSelf, putSelfHandle } from '#contract/client/self.ts';
import { getUsers, putUserHandle } from '#contract/internal/users.ts';
import type { AuthenticatedUser } from '#contract/route.ts';
import { openRig, type Rig, refused } from './brig-rig.ts';

/** Reference client-api 2.8. */
export function handleSuite(freshUrl: () => Promise<string>): void {
  const claim = (rig: Rig, user: AuthenticatedUser, handle: string) =>
    rig.send(putSelfHandle, { user, body: { handle } });

  describe('handles', () => {
    it('are claimed, shown and claimed again by their owner', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser('alice@example.com');
      await claim(rig, user, 'alice');
      await claim(rig, user, 'alice');
      assert.equal((await rig.send(getSelf, { user })).body.handle, 'alice');
      assert.equal((await rig.send(headHandle, { user, params: { handle: 'alice' } })).status, 200);
    });

    it('are refused when they are none, taken, or the user has no identity', async () => {
      await using rig = await openRig(await freshUrl());
      const alice = await rig.addUser('alice@example.com');
      const bob = await rig.addUser('bob@example.com');
      await claim(rig, alice, 'alice');
      await assert.rejects(claim(rig, bob, 'alice'), refused('handle-exists', 409));
      for (const handle of ['a', 'Alice', 'al ice', 'wire']) {
        await assert.rejects(claim(rig, bob, handle), refused('invalid-handle', 400));
      }
      const guest = await rig.send(register, { body: { name: 'Guest' } });
      const asGuest = claim(rig, { ...bob, userId: guest.body.id }, 'guest');
      await assert.rejects(asGuest, refused('no-identity', 403));
    });

    it('that were released are kept from others for half an hour, not from who released them', async () => {
      await using rig = await openRig(await freshUrl());
      const alice = await rig.addUser('alice@example.com');
      const bob = await rig.addUser('bob@example.com');
      const head = (user: AuthenticatedUser) => rig.send(headHandle, { user, params: { handle: 'first' } });
      await claim(rig, alice, 'first');
      await claim(rig, alice, 'second');
      await assert.rejects(claim(rig, bob, 'first'), refused('handle-exists', 409));
      assert.equal((await head(bob)).status, 200);
      await assert.rejects(head(alice), refused('not-found', 404));
      await claim(rig, alice, 'first');
      await claim(rig, alice, 'second');
      rig.clock.now += 1_800_000;
      await assert.rejects(head(bob), refused('not-found', 404));
      await claim(rig, bob, 'first');
      await assert.rejects(claim(rig, alice, 'first'), refused('handle-exists', 409));
    });

    it('go to one of those who claim one at once', async () => {
      await using rig = await openRig(await freshUrl());
      const names = Array.from({ length: 8 }, (_, index) => `user${index}@example.com`);
      const users = await Promise.all(names.map((name) => rig.addUser(name)));
      const results = await Promise.allSettled(users.map((user) => claim(rig, user, 'wanted')));
      const refusals = results.filter((result) => result.status === 'rejected');
      assert.equal(refusals.length, 7);
      for (const { reason } of refusals) refused('handle-exists', 409)(reason);
      const { body } = await rig.send(getUsers, { query: { handles: 'wanted' } });
      assert.equal(body.length, 1);
    });

    it('claimed by one user at once leave it with one of them', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser('alice@example.com');
      await Promise.all(['one', 'two', 'three'].map((handle) => claim(rig, user, handle)));
      const { handle } = (await rig.send(getSelf, { user })).body;
      assert.ok(['one', 'two', 'three'].includes(handle ?? ''));
    });

    it('can be tried: the valid and free ones come back, as many as asked for', async () => {
      await using rig = await openRig(await freshUrl());
      const alice = await rig.addUser('alice@example.com');
      const bob = await rig.addUser('bob@example.com');
      await claim(rig, alice, 'old');
      await claim(rig, alice, 'alice');
      const handles = ['alice', 'old', 'InVa£iD', 'wire', 'free1', 'free2', 'free3'];
      const check = async (more: object) =>
        (await rig.send(checkHandles, { user: bob, body: { handles, ...more } })).body;
      assert.deepEqual(await check({}), ['free1']);
      assert.deepEqual(await check({ return: 2 }), ['free1', 'free2']);
      assert.deepEqual(await check({ return: 10 }), ['free1', 'free2', 'free3']);
      await assert.rejects(check({ return: 11 }), refused('bad-request', 400));
      await assert.rejects(check({ handles: [] }), refused('bad-request', 400));
    });

    it('are not looked up when they are none', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser('alice@example.com');
      const head = rig.send(headHandle, { user, params: { handle: 'Alice' } });
      await assert.rejects(head, refused('invalid-handle', 400));
    });

    it('are given by an operator to users without an identity, but not twice', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser('alice@example.com');
      const guest = await rig.send(register, { body: { name: 'Guest' } });
      await rig.send(putUserHandle, { params: { uid: guest.body.id }, body: { handle: 'guest' } });
      const again = rig.send(putUserHandle, { params: { uid: user.userId }, body: { handle: 'guest' } });
      await assert.rejects(again, refused('handle-exists', 409));
      const nobody = { params: { uid: '6562d941-4f40-4db4-b96e-56a06d71c2c3' }, body: { handle: 'nobody' } };
      await assert.rejects(rig.send(putUserHandle, nobody), refused('not-found', 404));
    });
  });
}
