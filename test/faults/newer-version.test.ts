import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { crosswireArgv, openProcess, until } from '#testkit';

/*
 * A newer version that changes the tables of a database under a running one, as when replicas are replaced: the row of
 * the migration is the first thing that it writes.
 */

const settings = `domain: a.example.com
infrastructureDomain: wire.a.example.com
federation: { enabled: false }
log: { level: error }
listen: { client: { port: 0 }, internal: { port: 0 } }
storage: { url: "sqlite:data/crosswire.db" }
`;

describe('a migration of a newer version', () => {
  it('that is breaking stops the running process, with one line; one that is not is left to the newer one', async () => {
    await using stack = new AsyncDisposableStack();
    const folder = stack.adopt(await mkdtemp(join(tmpdir(), 'crosswire-newer-')), (path) =>
      rm(path, { recursive: true, force: true }),
    );
    await writeFile(join(folder, 'crosswire.yaml'), settings);
    const run = stack.use(openProcess(crosswireArgv('serve', '--config', join(folder, 'crosswire.yaml'))));
    await until('it to be ready', () => run.stderr().includes('is ready'));
    const announced = run.stderr();
    using database = new DatabaseSync(join(folder, 'data/crosswire.db'), { timeout: 5_000 });
    const add = database.prepare('insert into migration (name, applied_at, breaking) values (?, ?, ?)');
    add.run('9998-more', Date.now(), 0);
    add.run('9999-other-tables', Date.now(), 1);
    assert.equal((await run.ended).code, 1);
    const [line, ...more] = run.stderr().slice(announced.length).trimEnd().split('\n');
    assert.match(line ?? '', /^The database was changed by a newer version \(migration 9999-other-tables\)/);
    assert.deepEqual(more, []);
  });
});
