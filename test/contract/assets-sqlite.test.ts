import { assetsSuite } from './assets-suite.ts';

assetsSuite('SQLite', async () => ({ async [Symbol.asyncDispose]() {} }));
