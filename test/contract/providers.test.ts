import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { setLogLevel } from '#telemetry';
import { openPostgresServer } from '#testkit';
import { providerEmailSuite } from './providers-email-suite.ts';
import { providerPasswordSuite } from './providers-password-suite.ts';

/* What accounts of providers promise, the same on both databases. */

const stack = new AsyncDisposableStack();
let folder = '';
let files = 0;
/** One for all tests, emptied by each: making a database takes longer than a test does. */
let database = '';

before(async () => {
  setLogLevel('silent');
  folder = stack.adopt(await mkdtemp(join(tmpdir(), 'crosswire-providers-')), (path) =>
    rm(path, { recursive: true, force: true }),
  );
  database = await stack.use(await openPostgresServer()).createDatabase();
});
after(() => stack.disposeAsync());

const urls = {
  SQLite: async () => {
    files += 1;
    return `sqlite:${join(folder, `${files}.db`)}`;
  },
  PostgreSQL: async () => database,
} as const;

for (const [name, freshUrl] of Object.entries(urls)) {
  describe(`on ${name}`, () => {
    providerPasswordSuite(freshUrl);
    providerEmailSuite(freshUrl);
  });
}
