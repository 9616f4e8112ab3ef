import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as client from '#contract/client/properties.ts';
import type { AuthenticatedUser } from '#contract/route.ts';
import { openRig, type Rig, refused } from './brig-rig.ts';

/** Reference client-api 9.1. */
export function propertiesSuite(freshUrl: () => Promise<string>): void {
  const put = (rig: Rig, user: AuthenticatedUser, key: string, value: string) =>
    rig.send(client.putProperty, { user, params: { key }, body: Buffer.from(value) });
  const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? '').toString('utf8');

  describe('properties', () => {
    it('come back as they were sent, alone and together', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser('alice@example.com');
      const big = '{"n": 12345678901234567890.10, "t":"ü\\u00e9" }';
      await put(rig, user, 'a "b" c', big);
      await put(rig, user, 'list', '[1 ,2]');
      await put(rig, user, 'list', 'null');
      const one = await rig.send(client.getProperty, { user, params: { key: 'a "b" c' } });
      assert.equal(text(one.body), big);
      assert.equal(one.status === 200 && one.headers?.['content-type'], 'application/json');
      const { body: keys } = await rig.send(client.listPropertyKeys, { user });
      assert.deepEqual(keys, ['a "b" c', 'list']);
      const { body: all } = await rig.send(client.listProperties, { user });
      assert.equal(text(all), `{"a \\"b\\" c":${big},"list":null}`);
      const bob = await rig.addUser('bob@example.com');
      const foreign = await rig.send(client.getProperty, { user: bob, params: { key: 'list' } });
      assert.deepEqual(foreign, { status: 404 });
      assert.equal(text((await rig.send(client.listProperties, { user: bob })).body), '{}');
    });

    it('tell the other clients of each change', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser('alice@example.com');
      await put(rig, user, 'a', '39');
      await rig.send(client.removeProperty, { user, params: { key: 'a' } });
      await put(rig, user, 'b', '{}');
      await rig.send(client.clearProperties, { user });
      assert.deepEqual((await rig.send(client.listPropertyKeys, { user })).body, []);
      assert.deepEqual(
        rig.pushes.map(({ event }) => event),
        [
          { type: 'user.properties-set', key: 'a', value: 39 },
          { type: 'user.properties-delete', key: 'a' },
          { type: 'user.properties-set', key: 'b', value: {} },
          { type: 'user.properties-clear' },
        ],
      );
      for (const push of rig.pushes) {
        assert.equal(push.route, 'direct');
        assert.deepEqual(push.origin, { user: user.userId, connectionId: user.connectionId });
      }
    });

    it('are at most sixteen, however many come at once; those that are there may change', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser('alice@example.com');
      const keys = Array.from({ length: 20 }, (_, index) => `key${index}`);
      const results = await Promise.allSettled(keys.map((key) => put(rig, user, key, '1')));
      const refusals = results.filter((result) => result.status === 'rejected');
      assert.equal(refusals.length, 4);
      for (const { reason } of refusals) refused('too-many-properties', 403)(reason);
      const { body: present } = await rig.send(client.listPropertyKeys, { user });
      await put(rig, user, present[0] ?? '', '2');
    });

    it('are refused when key or value are too large, or the key is not printable', async () => {
      await using rig = await openRig(await freshUrl());
      const user = await rig.addUser('alice@example.com');
      await put(rig, user, 'k'.repeat(1024), `"${'x'.repeat(512 * 1024 - 2)}"`);
      await assert.rejects(put(rig, user, 'k'.repeat(1025), '1'), refused('property-key-too-large', 403));
      const large = `"${'x'.repeat(512 * 1024 - 1)}"`;
      await assert.rejects(put(rig, user, 'k', large), refused('property-value-too-large', 403));
      for (const key of ['', 'é', 'a\nb', '\u007f']) {
        await assert.rejects(put(rig, user, key, '1'), refused('bad-request', 400), JSON.stringify(key));
      }
    });
  });
}
