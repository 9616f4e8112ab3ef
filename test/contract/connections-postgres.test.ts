import { after, before, describe } from 'node:test';
import { setLogLevel } from '#telemetry';
import { openPostgresServer } from '../../src/testkit/postgres/index.ts';
import { connectionSuites } from './connections-suites.ts';

const stack = new AsyncDisposableStack();
/** One for all tests, emptied by each: making a database takes longer than a test does. */
let database = '';

before(async () => {
  setLogLevel('silent');
  database = await stack.use(await openPostgresServer()).createDatabase();
});
after(() => stack.disposeAsync());

describe('connections on PostgreSQL', () => connectionSuites(async () => database));
