import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { AssetKey } from '#contract/ids.ts';
import type { AssetStore } from './asset-store.ts';

/** A store with a look behind it. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly store: AssetStore;
  /** How many files there are, readable or still to come. */
  count(): Promise<number>;
}

/** What holds of every store, shown on one. */
export function assetSuite(name: string, openStore: () => Promise<StoreUnderTest>): void {
  describe(`assets in ${name}`, () => {
    let tested: StoreUnderTest;
    before(async () => {
      tested = await openStore();
    });
    after(() => tested[Symbol.asyncDispose]());

    it('are read as they were written, whole and in ranges', async () => {
      const bytes = randomBytes(12 * 1024 * 1024 + 7);
      const key = await keep(tested.store, bytes);
      assert.ok((await read(tested.store, key, bytes.length)).equals(bytes));
      const range = { start: 5_000_000, end: 7_000_000 };
      const part = await read(tested.store, key, bytes.length, range);
      assert.ok(part.equals(bytes.subarray(range.start, range.end + 1)));
    });

    it('of one byte are kept too', async () => {
      const key = await keep(tested.store, Buffer.from('x'));
      assert.equal((await read(tested.store, key, 1)).toString(), 'x');
    });

    it('cannot be read before they are published', async () => {
      const key = newKey();
      await using received = await tested.store.receive(key, chunks(randomBytes(100)), 100);
      assert.equal(await tested.store.open(key, 100, { signal: new AbortController().signal }), undefined);
      await received.publish();
      assert.equal((await read(tested.store, key, 100)).length, 100);
    });

    it('leave nothing when they are not published, or break off', async () => {
      const before = await tested.count();
      {
        await using _received = await tested.store.receive(newKey(), chunks(randomBytes(100)), 100);
      }
      await assert.rejects(tested.store.receive(newKey(), breaking(), 6_000_001), /broke off/);
      assert.equal(await tested.count(), before);
    });

    it('are gone when they are removed, as often as that is asked for', async () => {
      const key = await keep(tested.store, randomBytes(100));
      await tested.store.remove(key);
      await tested.store.remove(key);
      assert.equal(await tested.store.open(key, 100, { signal: new AbortController().signal }), undefined);
    });

    it('of another size than is known of them are not given out', async () => {
      const key = await keep(tested.store, randomBytes(100));
      await assert.rejects(read(tested.store, key, 101), /100 bytes, expected 101/);
    });

    it('are not read any further once nobody wants them', async () => {
      const key = await keep(tested.store, randomBytes(8 * 1024 * 1024));
      const stop = new AbortController();
      const bytes = await tested.store.open(key, 8 * 1024 * 1024, { signal: stop.signal });
      stop.abort();
      await assert.rejects(async () => {
        for await (const _ of bytes ?? []);
      }, /abort/i);
    });
  });
}

export function newKey(): AssetKey {
  return `3-2-${randomUUID()}` as AssetKey;
}

export async function* chunks(bytes: Buffer, size = 65_536): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function* breaking(): AsyncGenerator<Uint8Array, void> {
  yield randomBytes(6_000_000);
  throw new Error('broke off');
}

export async function keep(store: AssetStore, bytes: Buffer): Promise<AssetKey> {
  const key = newKey();
  await using received = await store.receive(key, chunks(bytes), bytes.length);
  await received.publish();
  return key;
}

export async function read(
  store: AssetStore,
  key: AssetKey,
  size: number,
  range?: { readonly start: number; readonly end: number },
): Promise<Buffer> {
  const bytes = await store.open(key, size, { range, signal: new AbortController().signal });
  const parts: Buffer[] = [];
  for await (const chunk of bytes ?? []) parts.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(parts);
}
