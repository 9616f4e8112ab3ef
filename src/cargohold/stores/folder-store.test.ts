import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assetSuite } from './asset-suite.ts';
import { openFolderStore } from './folder-store.ts';

assetSuite('a folder', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'crosswire-store-'));
  const store = await openFolderStore({ directory, reserveBytes: 0 });
  return {
    store,
    async count() {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).length;
    },
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    },
  };
});
