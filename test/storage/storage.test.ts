import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { openPostgresServer, type PostgresServer } from '#testkit';
import { durabilitySuite } from './durability-suite.ts';
import { migrationSuite } from './migration-suite.ts';
import { notificationsSuite } from './notifications-suite.ts';
import { type Dialect, storageSuite } from './storage-suite.ts';

/** Storage promises the same on both databases: one suite, run on each from this table. */

const stack = new AsyncDisposableStack();
let server: PostgresServer | undefined;
let folder = '';
let files = 0;

const dialects: readonly Dialect[] = [
  {
    name: 'sqlite',
    freshUrl: async () => {
      files += 1;
      return `sqlite:${join(folder, String(files), 'test.db')}`;
    },
  },
  {
    name: 'postgres',
    freshUrl: async () => {
      server ??= stack.use(await openPostgresServer());
      return server.createDatabase();
    },
  },
];

before(async () => {
  folder = stack.adopt(await mkdtemp(join(tmpdir(), 'crosswire-storage-')), (path) =>
    rm(path, { recursive: true, force: true }),
  );
});
after(() => stack.disposeAsync());

for (const dialect of dialects)
  describe(dialect.name, () => {
    storageSuite(dialect);
    migrationSuite(dialect);
    durabilitySuite(dialect);
    notificationsSuite(dialect);
  });
