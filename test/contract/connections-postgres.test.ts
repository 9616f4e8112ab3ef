import { after, before, describe } from 'node:test';
import { setLogLevel } from '#telemetry';
import { openPostgresServer } from '../../src/testkit/postgres/index.ts';
import { connectionSuites } from './connections-suites.ts';

const stack = new AsyncDisposableStack();
/** Two for all tests, emptied by each: making a database takes longer than a test does. */
let databases: readonly [string, string] = ['', ''];

before(async () => {
  setLogLevel('silent');
  const server = stack.use(await openPostgresServer());
  databases = [await server.createDatabase(), await server.createDatabase()];
});
after(() => stack.disposeAsync());

describe('connections on PostgreSQL', () => connectionSuites(async () => databases));
