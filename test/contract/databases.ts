import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { setLogLevel } from '#telemetry';
import { openPostgresServer } from '#testkit';

/** Gives the URL of a database that no other test uses at the same time; `which` tells those of one test apart. */
export type FreshUrl = (which?: 0 | 1) => Promise<string>;

/** Describes what holds on SQLite: a file for each test. */
export function describeOnSqlite(what: string, suites: (freshUrl: FreshUrl) => void): void {
  describe(`${what} on SQLite`, () => {
    const stack = new AsyncDisposableStack();
    let folder = '';
    let files = 0;
    before(async () => {
      setLogLevel('silent');
      folder = stack.adopt(await mkdtemp(join(tmpdir(), 'crosswire-contract-')), (path) =>
        rm(path, { recursive: true, force: true }),
      );
    });
    after(() => stack.disposeAsync());
    suites(async () => {
      files += 1;
      return `sqlite:${join(folder, `${files}.db`)}`;
    });
  });
}

/** Describes what holds on PostgreSQL: two databases for all tests, emptied by each, since making one takes long. */
export function describeOnPostgres(what: string, suites: (freshUrl: FreshUrl) => void): void {
  describe(`${what} on PostgreSQL`, () => {
    const stack = new AsyncDisposableStack();
    let databases: readonly [string, string] = ['', ''];
    before(async () => {
      setLogLevel('silent');
      const server = stack.use(await openPostgresServer());
      databases = [await server.createDatabase(), await server.createDatabase()];
    });
    after(() => stack.disposeAsync());
    suites(async (which = 0) => databases[which]);
  });
}

/** Describes what holds on both. */
export function describeOnBoth(what: string, suites: (freshUrl: FreshUrl) => void): void {
  describeOnSqlite(what, suites);
  describeOnPostgres(what, suites);
}
