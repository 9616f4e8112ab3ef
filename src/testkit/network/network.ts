import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Authority, loadAuthority } from '../ca/index.ts';
import { gone, isRunning, openProcess, type ProcessOptions, type TestProcess } from './processes.ts';
import { until } from './until.ts';

/** A backend as `network.json` describes it. */
export interface NetworkBackend {
  readonly domain: string;
  readonly infrastructureDomain: string;
  readonly clientApi: string;
  readonly websocket: string;
  readonly internalApi: string;
  readonly outward: string;
  readonly inward: string;
  readonly ingress: { readonly host: string; readonly port: number };
  readonly pids: readonly number[];
  readonly start: readonly string[];
  readonly config: string;
  readonly data: string;
}

export interface NetworkOptions {
  readonly backends?: number;
  /** Configuration values of every backend, as `--set` takes them: `{ 'mls.enabled': false }`. */
  readonly set?: Readonly<Record<string, unknown>>;
  readonly storage?: 'sqlite' | 'postgres';
  readonly roleSplit?: boolean;
}

/** A whole federation on loopback. Disposing ends it and fails when anything of it is left running. */
export interface TestNetwork extends AsyncDisposable {
  readonly backends: readonly NetworkBackend[];
  readonly dns: { readonly host: string; readonly port: number };
  readonly ca: { readonly certificate: string; readonly key: string };
  /** The network's own CA, to issue further certificates with. */
  readonly authority: Authority;
  readonly directory: string;
  /** The process of `crosswire network`. */
  readonly process: TestProcess;
  /** The n-th backend (from 0). */
  backend(index: number): NetworkBackend;
  /** Ends a backend at once, as a power cut would. Resolves when all of its processes are gone. */
  kill(backend: NetworkBackend): Promise<void>;
  /** Brings a killed backend up again and resolves when it answers; with more environment variables if need be. */
  start(backend: NetworkBackend, env?: ProcessOptions['env']): Promise<TestProcess>;
}

const crosswire = fileURLToPath(new URL('../../../bin/crosswire', import.meta.url));

/** The command line of `crosswire` for `openProcess`. */
export function crosswireArgv(...args: readonly string[]): readonly string[] {
  return [crosswire, ...args];
}

/** Starts `crosswire network` in a folder of its own and resolves when every backend answers. */
export async function openNetwork(options: NetworkOptions = {}): Promise<TestNetwork> {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'crosswire-network-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const running = stack.use(openProcess(crosswireArgv(...networkArguments(directory, options))));
  const description: Description = JSON.parse(await firstLine(running, directory));
  const authority = await readAuthority(description.ca);
  const restarted = new Map<string, TestProcess>();
  const owned = stack.move();
  return {
    ...description,
    authority,
    directory,
    process: running,
    backend: (index) => backendOf(description, index),
    kill: (backend) => killBackend(backend, restarted.get(backend.domain)),
    async start(backend, env) {
      const started = owned.use(openProcess(backend.start, { env }));
      restarted.set(backend.domain, started);
      await answering(backend).catch((error) => {
        throw new Error(`${backend.domain} is not up again; it said:\n${started.stderr()}`, { cause: error });
      });
      return started;
    },
    async [Symbol.asyncDispose]() {
      await owned.disposeAsync();
      assertNothingRuns(description);
    },
  };
}

type Description = Pick<TestNetwork, 'backends' | 'dns' | 'ca'>;

async function readAuthority(ca: TestNetwork['ca']): Promise<Authority> {
  const [certificate, key] = await Promise.all([readFile(ca.certificate, 'utf8'), readFile(ca.key, 'utf8')]);
  return loadAuthority({ certificate, key });
}

function backendOf({ backends }: Description, index: number): NetworkBackend {
  const backend = backends[index];
  if (backend === undefined)
    throw new Error(`the network has ${backends.length} backends, no number ${index}`);
  return backend;
}

async function killBackend(backend: NetworkBackend, restarted: TestProcess | undefined): Promise<void> {
  const pids = restarted === undefined ? backend.pids : [restarted.pid];
  for (const pid of pids) if (isRunning(pid)) process.kill(pid, 'SIGKILL');
  await restarted?.ended;
  await gone(pids);
}

/** Resolves when a backend serves clients again. */
async function answering(backend: NetworkBackend): Promise<void> {
  await until(`${backend.domain} to answer`, async () => {
    const [status, versions] = await Promise.all([
      fetch(`${backend.internalApi}/i/status`),
      fetch(`${backend.clientApi}/api-version`),
    ]);
    await Promise.all([status.arrayBuffer(), versions.arrayBuffer()]);
    return status.status < 400 && versions.status === 200;
  });
}

function assertNothingRuns({ backends }: Description): void {
  const left = backends.flatMap(({ domain, pids }) =>
    pids.filter(isRunning).map((pid) => `${domain} (process ${pid})`),
  );
  if (left.length > 0) throw new Error(`left running after the network ended: ${left.join(', ')}`);
}

function networkArguments(directory: string, options: NetworkOptions): readonly string[] {
  const sets = Object.entries(options.set ?? {});
  return [
    'network',
    ...['--backends', String(options.backends ?? 2), '--dir', directory],
    ...['--storage', options.storage ?? 'sqlite'],
    ...(options.roleSplit ? ['--role-split'] : []),
    ...sets.flatMap(([key, value]) => ['--set', `${key}=${JSON.stringify(value)}`]),
  ];
}

async function firstLine(running: TestProcess, directory: string): Promise<string> {
  let ended = false;
  const watched = running.ended.then(() => {
    ended = true;
  });
  const line = await until(
    'the network to be ready',
    () => {
      if (ended) return 'ended';
      const end = running.stdout().indexOf('\n');
      return end === -1 ? undefined : running.stdout().slice(0, end);
    },
    60_000,
  );
  if (line !== 'ended') return line;
  await watched;
  const logs = await Promise.all(['a', 'b', 'c', 'd'].map((letter) => logOf(directory, letter)));
  throw new Error(`the network ended before it was ready:\n${running.stderr()}${logs.join('')}`);
}

async function logOf(directory: string, letter: string): Promise<string> {
  const file = join(directory, letter, 'backend.log');
  return readFile(file, 'utf8').then(
    (text) => `${letter}: ${text}`,
    () => '',
  );
}
