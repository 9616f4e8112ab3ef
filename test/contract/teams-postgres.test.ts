import { after, before, describe } from 'node:test';
import { setLogLevel } from '#telemetry';
import { openPostgresServer } from '../../src/testkit/postgres/index.ts';
import { teamSuites } from './teams-suites.ts';

const stack = new AsyncDisposableStack();
/** One for all tests, emptied by each: making a database takes longer than a test does. */
let database = '';

before(async () => {
  setLogLevel('silent');
  database = await stack.use(await openPostgresServer()).createDatabase();
});
after(() => stack.disposeAsync());

describe('teams on PostgreSQL', () => teamSuites(async () => database));
