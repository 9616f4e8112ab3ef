import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { setLogLevel } from '#telemetry';
import { openPostgresServer } from '../../src/testkit/postgres/index.ts';
import { accessSuite } from './accounts-access-suite.ts';
import { activationSuite } from './accounts-activation-suite.ts';
import { handleSuite } from './accounts-handle-suite.ts';
import { loginSuite } from './accounts-login-suite.ts';
import { registrationSuite } from './accounts-registration-suite.ts';
import { selfSuite } from './accounts-self-suite.ts';

/** Accounts behave alike on both databases: the suites are run on each from this table. */

const stack = new AsyncDisposableStack();
let database: string | undefined;
let folder = '';
let files = 0;

const dialects = {
  sqlite: async () => {
    files += 1;
    return `sqlite:${join(folder, `${files}.db`)}`;
  },
  // One database for all, emptied by each rig: making one takes longer than a test does.
  postgres: async () => {
    database ??= await stack.use(await openPostgresServer()).createDatabase();
    return database;
  },
};

before(async () => {
  setLogLevel('silent');
  folder = stack.adopt(await mkdtemp(join(tmpdir(), 'crosswire-accounts-')), (path) =>
    rm(path, { recursive: true, force: true }),
  );
});
after(() => stack.disposeAsync());

for (const [name, freshUrl] of Object.entries(dialects))
  describe(name, () => {
    registrationSuite(freshUrl);
    activationSuite(freshUrl);
    loginSuite(freshUrl);
    accessSuite(freshUrl);
    handleSuite(freshUrl);
    selfSuite(freshUrl);
  });
