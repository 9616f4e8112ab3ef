import { openPostgresServer } from '#testkit';
import { assetsSuite } from './assets-suite.ts';

assetsSuite('PostgreSQL', async () => {
  const server = await openPostgresServer();
  return { url: await server.createDatabase(), [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
});
