import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { setLogLevel } from '#telemetry';
import { teamSuites } from './teams-suites.ts';

const stack = new AsyncDisposableStack();
let folder = '';
let files = 0;

before(async () => {
  setLogLevel('silent');
  folder = stack.adopt(await mkdtemp(join(tmpdir(), 'crosswire-teams-')), (path) =>
    rm(path, { recursive: true, force: true }),
  );
});
after(() => stack.disposeAsync());

describe('teams on SQLite', () => {
  teamSuites(async () => {
    files += 1;
    return `sqlite:${join(folder, `${files}.db`)}`;
  });
});
