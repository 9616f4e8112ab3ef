import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { openStorage } from './open.ts';

it('refuses a URL of an unknown kind without showing what may be secret', async () => {
  await assert.rejects(openStorage({ url: 'mysql://root:secret@127.0.0.1/x' }), (error: Error) => {
    assert.match(error.message, /storage\.url: expected sqlite:PATH or postgres:.*"mysql:"/);
    return !error.message.includes('secret');
  });
});

it('refuses an empty path and a database in memory, which would be lost', async () => {
  await assert.rejects(openStorage({ url: 'sqlite:' }), /expected sqlite:PATH/);
  await assert.rejects(openStorage({ url: 'sqlite::memory:' }), /expected sqlite:PATH/);
});

it('says that PostgreSQL does not answer, and why', async () => {
  await assert.rejects(openStorage({ url: 'postgres://nobody:secret@127.0.0.1:1/x' }), (error: Error) => {
    assert.match(error.message, /cannot be reached \(ECONNREFUSED\)/);
    return !error.message.includes('secret') && 'status' in error && error.status === 503;
  });
});

it('names the file that is not a database', async () => {
  await using stack = new AsyncDisposableStack();
  const folder = stack.adopt(await mkdtemp(join(tmpdir(), 'crosswire-storage-')), (path) =>
    rm(path, { recursive: true, force: true }),
  );
  const file = join(folder, 'notes.txt');
  await writeFile(
    file,
    'not a database, but long enough to be looked at by SQLite as one would be'.repeat(20),
  );
  await assert.rejects(
    openStorage({ url: `sqlite:${file}` }),
    (error: Error) => error.message.includes(file) && /not a database/.test(error.message),
  );
});
