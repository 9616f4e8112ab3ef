import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { setLogLevel } from '#telemetry';
import { connectionSuites } from './connections-suites.ts';

const stack = new AsyncDisposableStack();
let folder = '';
let files = 0;

before(async () => {
  setLogLevel('silent');
  folder = stack.adopt(await mkdtemp(join(tmpdir(), 'crosswire-connections-')), (path) =>
    rm(path, { recursive: true, force: true }),
  );
});
after(() => stack.disposeAsync());

describe('connections on SQLite', () => {
  connectionSuites(async () => {
    files += 2;
    const urlOf = (file: number) => `sqlite:${join(folder, `${file}.db`)}`;
    return [urlOf(files), urlOf(files + 1)];
  });
});
