import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { type AssetStore, openS3Store, S3Bucket } from '#cargohold';
import { openS3Server, type S3Server } from '#testkit';
import { assetSuite, chunks, keep, newKey, read } from '../../src/cargohold/stores/asset-suite.ts';

/* The S3 store against a server that checks signatures. */

const access = {
  bucket: 'files',
  region: 'eu-central-1',
  accessKey: 'AKIA',
  secretKey: 'secret',
  pathStyle: true,
};

async function openStoreOn(server: S3Server, more: Partial<typeof access> = {}): Promise<AssetStore> {
  return openS3Store({ bucket: new S3Bucket({ ...access, endpoint: server.endpoint, ...more }) });
}

assetSuite('an S3 bucket', async () => {
  const server = await openS3Server(access);
  const store = await openStoreOn(server);
  return {
    store,
    count: async () => server.objects.size + server.openUploads,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
});

describe('an S3 store', () => {
  let server: S3Server;
  let store: AssetStore;
  before(async () => {
    server = await openS3Server(access);
    store = await openStoreOn(server);
  });
  after(() => server[Symbol.asyncDispose]());

  const wrong = [
    { what: 'a bucket that is not there', more: { bucket: 'others' }, says: /404/ },
    { what: 'a wrong secret', more: { secretKey: 'wrong' }, says: /403/ },
    { what: 'an unknown access key', more: { accessKey: 'AKIB' }, says: /403/ },
    { what: 'another region', more: { region: 'us-east-1' }, says: /403/ },
  ];
  for (const { what, more, says } of wrong)
    it(`is not opened with ${what}`, async () => {
      await assert.rejects(openStoreOn(server, more), (error: Error) => {
        assert.match(error.message, /^assets\.s3: the bucket .* cannot be used: /);
        assert.match(error.message, says);
        return true;
      });
    });

  it('asks again when the service has no time', async () => {
    server.failNext(2, 503, 'SlowDown');
    const bytes = randomBytes(100);
    const key = await keep(store, bytes);
    assert.ok((await read(store, key, 100)).equals(bytes));
  });

  it('says that it is full, or that it cannot be reached, in words for clients', async () => {
    server.failNext(4, 507, 'QuotaExceeded');
    await assert.rejects(store.receive(newKey(), chunks(randomBytes(9)), 9), { label: 'storage-full' });
    server.failNext(1, 403, 'AccessDenied');
    await assert.rejects(store.receive(newKey(), chunks(randomBytes(9)), 9), {
      label: 'storage-unavailable',
    });
  });

  it('says that it cannot be reached when an answer breaks off', async () => {
    server.cutNext();
    await assert.rejects(store.receive(newKey(), chunks(randomBytes(9)), 9), {
      label: 'storage-unavailable',
    });
  });

  it('tells why an upload broke off, also when it cannot be taken back, and abandons it later', async () => {
    async function* breaking() {
      yield randomBytes(9);
      server.failNext(1, 403, 'AccessDenied');
      throw new Error('broke off');
    }
    const before = server.openUploads;
    await assert.rejects(store.receive(newKey(), breaking(), 10), /broke off/);
    assert.equal(server.openUploads, before + 1);
    await store.abandon(Date.now() + 1);
    assert.equal(server.openUploads, 0);
  });

  it('abandons uploads that died, and leaves those that are under way', async () => {
    const file = await store.receive(newKey(), chunks(randomBytes(100)), 100);
    const open = server.openUploads;
    await store.abandon(Date.now() - 60_000);
    assert.equal(server.openUploads, open);
    await store.abandon(Date.now() + 1);
    assert.equal(server.openUploads, 0);
    await assert.rejects(file.publish(), { label: 'storage-unavailable' });
  });

  it('holds at most one part of a file in memory, and sends the parts as they fill', async () => {
    const before = server.requests.filter((request) => request.startsWith('PUT')).length;
    const bytes = randomBytes(11 * 1024 * 1024);
    let sentBeforeLast = 0;
    async function* watched() {
      yield* chunks(bytes.subarray(0, -1));
      sentBeforeLast = server.requests.filter((request) => request.startsWith('PUT')).length - before;
      yield bytes.subarray(-1);
    }
    const key = newKey();
    await using file = await store.receive(key, watched(), bytes.length);
    await file.publish();
    assert.equal(sentBeforeLast, 2);
    assert.ok((await read(store, key, bytes.length)).equals(bytes));
  });
});
