import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  createUser,
  type NetworkBackend,
  openNetwork,
  type TestNetwork,
  type TestUser,
  until,
} from '#testkit';
import { filesIn, multipart, openAssetRig } from '../contract/assets-rig.ts';

/*
 * Backends that die in the middle of an upload: what was acknowledged is whole afterwards, and of the rest nothing is
 * left, neither to be read nor on the disk.
 */

describe('a backend that is killed while files come in', () => {
  let network: TestNetwork;
  let a: NetworkBackend;
  let alice: TestUser;
  before(async () => {
    network = await openNetwork({ backends: 1 });
    a = network.backend(0);
    alice = await createUser(a, { name: 'Alice' });
  });
  after(() => network[Symbol.asyncDispose]());

  it('has those that it acknowledged, and nothing of the others', async () => {
    const folder = join(a.data, 'assets');
    const bytes = randomBytes(300_000);
    const acknowledged: { readonly key: string }[] = [];
    const enough = Promise.withResolvers<void>();
    const uploading = Array.from({ length: 4 }, async () => {
      for (;;) {
        try {
          const answer = await fetch(`${a.clientApi}/v5/assets`, {
            method: 'POST',
            headers: { authorization: `Bearer ${alice.token}`, 'content-type': 'multipart/mixed' },
            body: new Uint8Array(multipart(bytes)),
          });
          acknowledged.push((await answer.json()) as { readonly key: string });
        } catch {
          return;
        }
        if (acknowledged.length === 12) enough.resolve();
      }
    });
    const { hostname, port } = new URL(a.clientApi);
    const half = connect(Number(port), hostname).on('error', () => undefined);
    half.write(
      `POST /v5/assets HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${alice.token}\r\ncontent-type: multipart/mixed\r\ncontent-length: 300000\r\n\r\n`,
    );
    half.write(multipart(bytes).subarray(0, 100_000));
    await until(
      'the half upload to be on the disk',
      async () => (await filesIn(join(folder, 'incoming'))).length > 0,
    );
    await enough.promise;
    await network.kill(a);
    await Promise.all(uploading);
    half.destroy();
    await network.start(a);
    assert.deepEqual(await filesIn(join(folder, 'incoming')), []);
    for (const { key } of acknowledged) {
      const found = await fetch(`${a.clientApi}/v5/assets/${a.domain}/${key}`, {
        headers: { authorization: `Bearer ${alice.token}` },
      });
      assert.equal(found.status, 200, key);
      assert.ok(Buffer.from(await found.arrayBuffer()).equals(bytes));
    }
    // An upload may have been stored without its answer having arrived, at most one of each line.
    const more = (await filesIn(folder)).length - acknowledged.length;
    assert.ok(more >= 0 && more <= 4, `${more} files more`);
  });
});

describe('what a process that died has left', () => {
  for (const state of ['uploading', 'removing'] as const)
    it(`is removed at the start: an asset that was ${state}`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'crosswire-assets-'));
      try {
        const key = await leave(folder, state);
        await using rig = await openAssetRig({ folder });
        assert.equal((await rig.send(`/v5/assets/a.example.com/${key}`)).status, 404);
        assert.deepEqual([await rig.files(), await rig.rows()], [[], 0]);
      } finally {
        await rm(folder, { recursive: true });
      }
    });

  it('is removed later as well, but not what is still coming in', async () => {
    await using rig = await openAssetRig();
    const key = String((await rig.upload('hello')).get('key'));
    await rig.storage.work(async (work) => {
      await work.db.updateTable('asset').set({ state: 'uploading', changed_at: Date.now() }).execute();
    });
    await rig.cargohold.sweep();
    assert.deepEqual([(await rig.files()).length, await rig.rows()], [1, 1], 'it may still be finished');
    assert.equal((await rig.send(`/v5/assets/a.example.com/${key}`)).status, 404, 'and is not seen before');
    rig.clock.later = 2 * 3_600_000;
    await rig.cargohold.sweep();
    assert.deepEqual([await rig.files(), await rig.rows()], [[], 0]);
  });

  it('is removed although one of the files cannot be, which keeps nobody from starting', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'crosswire-assets-'));
    try {
      await using rig = await openAssetRig({ folder });
      const stuck = String((await rig.upload('hello')).get('key'));
      await rig.upload('world');
      await rig.storage.work(async (work) => {
        await work.db.updateTable('asset').set({ state: 'removing' }).execute();
      });
      await rm(pathOf(folder, stuck));
      await mkdir(pathOf(folder, stuck));
      await assert.rejects(rig.cargohold.sweep());
      assert.deepEqual([await rig.files(), await rig.rows()], [[], 1]);
      await using again = await openAssetRig({ folder });
      await rm(pathOf(folder, stuck), { recursive: true });
      await again.cargohold.sweep();
      assert.equal(await again.rows(), 0);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('does not count against its owner: an upload whose file could not be put in its place', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'crosswire-assets-'));
    try {
      await using rig = await openAssetRig({ folder, settings: { quotaBytes: 5 } });
      const objects = join(folder, 'assets', 'objects');
      await rm(objects, { recursive: true });
      await writeFile(objects, 'in the way');
      const refused = await rig.upload('hello');
      assert.deepEqual([refused.status, refused.get('label')], [503, 'storage-unavailable']);
      await rm(objects);
      await mkdir(objects);
      assert.equal((await rig.upload('hello')).status, 201);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('does not show: a file of another length than was acknowledged is never sent', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'crosswire-assets-'));
    try {
      await using rig = await openAssetRig({ folder });
      const key = String((await rig.upload('hello')).get('key'));
      await writeFile(pathOf(folder, key), 'hel');
      assert.equal((await rig.send(`/v5/assets/a.example.com/${key}`)).status, 500);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

function pathOf(folder: string, key: string): string {
  return join(folder, 'assets', 'objects', key.slice(4, 6), key.slice(6, 8), key);
}

/** An asset in a state in which a process can die, and a file that was coming in. */
async function leave(folder: string, state: string): Promise<string> {
  await using rig = await openAssetRig({ folder });
  const key = String((await rig.upload('hello')).get('key'));
  await rig.storage.work(async (work) => {
    await work.db.updateTable('asset').set({ state }).execute();
  });
  const incoming = join(folder, 'assets', 'incoming');
  await mkdir(incoming, { recursive: true });
  await writeFile(join(incoming, 'half'), 'hel');
  return key;
}
