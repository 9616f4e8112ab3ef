import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { type Authority, createAuthority, type DnsServer, openDnsServer } from '#testkit';
import { checkConfig } from '../../config.ts';
import { OperatorError } from '../../terminal/failure.ts';
import { crosswireCommand, openServeProcess, type ServeProcess } from './child.ts';
import { openNetworkDatabases } from './databases.ts';
import type { BackendDescription, NetworkDescription } from './description.ts';
import { holdFreePorts } from './free-ports.ts';
import { type Override, withOverrides } from './overrides.ts';
import { type BackendPlan, configOf, planBackend, portNames } from './plan.ts';
import { allowEachOther } from './seed.ts';
import { networkZone } from './zone.ts';

export interface NetworkOptions {
  readonly backends: number;
  /** An empty folder, or one that can be made. */
  readonly directory: string;
  readonly overrides: readonly Override[];
  readonly storage: 'sqlite' | 'postgres';
  /** Federator and components as processes of their own. */
  readonly roleSplit: boolean;
}

/** Backends that run until disposed, with what the demo may use directly. */
export interface RunningNetwork extends AsyncDisposable {
  readonly description: NetworkDescription;
  readonly authority: Authority;
  readonly dns: DnsServer;
}

/** How long a backend may take to end in order before it is killed. */
const graceMs = 15_000;

/**
 * Starts backends `a.example.com`, `b.example.com`, … as processes of their own, with a name server and a CA on
 * loopback. Resolves when all of them answer and allow each other, and `network.json` is written.
 */
export async function openRunningNetwork(options: NetworkOptions): Promise<RunningNetwork> {
  const directory = resolve(options.directory);
  await requireEmpty(directory);
  await using stack = new AsyncDisposableStack();

  const held = stack.use(await holdFreePorts(options.backends * portNames.length));
  const plans = Array.from({ length: options.backends }, (_, index) =>
    planBackend(index, directory, held.ports.slice(index * portNames.length, (index + 1) * portNames.length)),
  );
  const dns = stack.use(await openDnsServer({ zone: networkZone(plans) }));
  const databases = stack.use(await openNetworkDatabases(options.storage, plans));
  const documents = plans.map((plan) => {
    const needs = { dnsPort: dns.port, storageUrl: databases.urlOf(plan) };
    return withOverrides(configOf(plan, needs), options.overrides);
  });
  for (const [index, plan] of plans.entries())
    checkConfig('--set', documents[index], { directory: plan.directory, environment: process.env });
  const authority = await writeAuthority(directory);
  for (const [index, plan] of plans.entries()) await writeBackend(plan, documents[index], authority);

  await held[Symbol.asyncDispose]();
  const started = plans.map((plan) => stack.use(startBackend(plan, options.roleSplit)));
  const messages = await Promise.all(started.map(({ ready }) => ready));
  const backends = plans.map((plan, index) =>
    describeBackend(plan, messages[index]?.pids ?? [], options.roleSplit),
  );
  const description: NetworkDescription = {
    backends,
    dns: { host: dns.address, port: dns.port },
    ca: { certificate: join(directory, 'ca', 'ca.pem'), key: join(directory, 'ca', 'ca-key.pem') },
  };
  if (listStartsFull(documents[0])) await allowEachOther(backends);
  await writeWhole(join(directory, 'network.json'), `${JSON.stringify(description, null, 2)}\n`);
  const owned = stack.move();
  return { description, authority, dns, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function startBackend(plan: BackendPlan, roleSplit: boolean): ServeProcess {
  return openServeProcess(serveArguments(plan, roleSplit), join(plan.directory, 'backend.log'), graceMs);
}

function serveArguments(plan: BackendPlan, roleSplit: boolean): readonly string[] {
  return ['--config', plan.configFile, ...(roleSplit ? ['--role', 'split'] : [])];
}

function describeBackend(plan: BackendPlan, pids: readonly number[], roleSplit: boolean): BackendDescription {
  const url = (port: number) => `http://127.0.0.1:${port}`;
  return {
    domain: plan.domain,
    infrastructureDomain: plan.infrastructureDomain,
    clientApi: url(plan.ports.client),
    websocket: `ws://127.0.0.1:${plan.ports.client}`,
    internalApi: url(plan.ports.internal),
    outward: url(plan.ports.outward),
    inward: url(plan.ports.inward),
    ingress: { host: '127.0.0.1', port: plan.ports.ingress },
    pids,
    start: crosswireCommand('serve', ...serveArguments(plan, roleSplit)),
    config: plan.configFile,
    data: join(plan.directory, 'data'),
  };
}

/** The list of remotes starts full unless somebody said what is in it, or chose a strategy that is about the list. */
function listStartsFull(document: Readonly<Record<string, unknown>> | undefined): boolean {
  const federation = (document?.federation ?? {}) as Readonly<Record<string, unknown>>;
  return (
    federation.enabled !== false && federation.strategy === 'allowAll' && federation.remotes === undefined
  );
}

async function requireEmpty(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const [found] = await readdir(directory);
  if (found !== undefined)
    throw new OperatorError(`--dir ${directory}: found ${found} in it, expected an empty folder`);
}

async function writeAuthority(directory: string): Promise<Authority> {
  const authority = createAuthority({ commonName: 'Crosswire network CA' });
  await mkdir(join(directory, 'ca'));
  await writeFile(join(directory, 'ca', 'ca.pem'), authority.certificate);
  await writeFile(join(directory, 'ca', 'ca-key.pem'), authority.key, { mode: 0o600 });
  return authority;
}

async function writeBackend(plan: BackendPlan, document: unknown, authority: Authority): Promise<void> {
  const tls = join(plan.directory, 'tls');
  await mkdir(tls, { recursive: true });
  await mkdir(join(plan.directory, 'data'), { recursive: true });
  const issued = authority.issue({ names: [plan.infrastructureDomain] });
  await writeFile(join(tls, 'cert.pem'), issued.chain);
  await writeFile(join(tls, 'key.pem'), issued.key, { mode: 0o600 });
  await writeFile(plan.configFile, stringify(document));
}

/** A reader sees the whole file or none. */
async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}
