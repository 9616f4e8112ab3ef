import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe } from 'node:test';
import { openPostgresServer, type PostgresServer } from '#testkit';

/** Runs one suite on each database; `freshUrl` is that of a database that is empty. */
export function eachDatabase(name: string, suite: (freshUrl: () => Promise<string>) => void): void {
  describe(`${name}, on SQLite`, () => {
    const stack = new AsyncDisposableStack();
    after(() => stack.disposeAsync());
    suite(async () => {
      const folder = await mkdtemp(join(tmpdir(), 'crosswire-notifications-'));
      stack.defer(() => rm(folder, { recursive: true, force: true }));
      return `sqlite:${join(folder, 'test.db')}`;
    });
  });
  describe(`${name}, on PostgreSQL`, () => {
    const stack = new AsyncDisposableStack();
    after(() => stack.disposeAsync());
    let server: Promise<PostgresServer> | undefined;
    suite(async () => {
      server ??= openPostgresServer().then((opened) => stack.use(opened));
      return (await server).createDatabase();
    });
  });
}
