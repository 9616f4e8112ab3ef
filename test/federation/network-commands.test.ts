import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { crosswireArgv, openNetwork, openProcess, type TestNetwork, until } from '#testkit';

/*
 * The commands of an operator: `init` writes a folder from which `serve` starts, `federation` changes the policy of a
 * running backend, and all of them say what to do next when they cannot.
 */

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function crosswire(...args: readonly string[]): Promise<Run> {
  await using run = openProcess(crosswireArgv(...args));
  const { code } = await run.ended;
  return { code, stdout: run.stdout(), stderr: run.stderr() };
}

describe('crosswire init', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'crosswire-init-'));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  it('writes a configuration and a certificate from which serve starts', async () => {
    const folder = join(directory, 'dev');
    const run = await crosswire('init', '--dir', folder, '--domain', 'org.example.com', '--yes');
    assert.equal(run.code, 0, run.stderr);
    const file = join(folder, 'crosswire.yaml');
    const text = await readFile(file, 'utf8');
    const free = text.replace(/port: \d+/g, 'port: 0').replace('0.0.0.0', '127.0.0.1');
    await writeFile(
      file,
      `${free.replace('listen:', 'listen:\n  outward: { port: 0 }\n  inward: { port: 0 }')}`,
    );
    await using backend = openProcess(crosswireArgv('serve', '--config', file));
    await until('the backend to be ready', () => backend.stderr().includes('org.example.com is ready'));
    for (const listener of ['client', 'internal', 'outward', 'inward', 'ingress'])
      assert.match(backend.stderr(), new RegExp(`^${listener} +https?://127\\.0\\.0\\.1:\\d+$`, 'm'));
    backend.kill('SIGTERM');
    assert.equal((await backend.ended).code, 0);
  });

  it('prints the DNS records to publish', async () => {
    const folder = join(directory, 'dns');
    const args = ['--domain', 'org.example.com', '--infrastructure-domain', 'fed.example.net'];
    const run = await crosswire('init', '--dir', folder, ...args, '--address', '2001:db8::7', '--yes');
    assert.match(
      run.stdout,
      /_wire-server-federator\._tcp\.org\.example\.com\. 600 IN SRV 0 10 8443 fed\.example\.net\.\n/,
    );
    assert.match(run.stdout, /fed\.example\.net\. 600 IN AAAA 2001:db8::7\n/);
    const certificate = new X509Certificate(await readFile(join(folder, 'tls', 'cert.pem')));
    assert.equal(certificate.subjectAltName, 'DNS:fed.example.net');
  });

  it('makes a signing request that a CA can read', async () => {
    const folder = join(directory, 'csr');
    const run = await crosswire(
      'init',
      '--dir',
      folder,
      '--domain',
      'org.example.com',
      '--certificate',
      'csr',
      '--yes',
    );
    assert.equal(run.code, 0, run.stderr);
    const request = execFileSync(
      'openssl',
      ['req', '-in', join(folder, 'tls', 'request.csr'), '-noout', '-text', '-verify'],
      { stdio: 'pipe' },
    );
    assert.match(request.toString(), /DNS:wire\.org\.example\.com/);
    assert.match(request.toString(), /TLS Web Client Authentication/);
  });

  it('never overwrites a file', async () => {
    const folder = join(directory, 'twice');
    await crosswire('init', '--dir', folder, '--domain', 'org.example.com', '--yes');
    const key = await readFile(join(folder, 'tls', 'key.pem'), 'utf8');
    const again = await crosswire('init', '--dir', folder, '--domain', 'org.example.com', '--yes');
    assert.equal(again.code, 1);
    assert.match(again.stderr, /is there already, and is not overwritten/);
    assert.equal(await readFile(join(folder, 'tls', 'key.pem'), 'utf8'), key);
  });

  it('names the flag when it cannot ask', async () => {
    const run = await crosswire('init', '--dir', join(directory, 'none'), '--yes');
    assert.deepEqual([run.code, run.stderr.split(':')[0]], [1, '--domain is missing']);
  });
});

describe('crosswire federation', () => {
  let network: TestNetwork;
  let config: string;
  before(async () => {
    network = await openNetwork({ backends: 1, set: { 'federation.strategy': 'allowDynamic' } });
    config = network.backend(0).config;
  });
  after(() => network[Symbol.asyncDispose]());

  async function remotes(): Promise<readonly Record<string, unknown>[]> {
    const { stdout } = await crosswire('federation', 'list', '--json', '--config', config);
    return JSON.parse(stdout).remotes;
  }

  it('allows, lists, changes and denies a remote of the running backend', async () => {
    assert.deepEqual(await remotes(), []);
    const allowed = await crosswire('federation', 'allow', 'b.example.com', '--config', config);
    assert.equal(allowed.code, 0, allowed.stderr);
    assert.match(allowed.stdout, /crosswire doctor b\.example\.com/);
    assert.deepEqual(
      (await remotes()).map(({ search_policy }) => search_policy),
      ['full_search'],
    );
    await crosswire('federation', 'allow', 'b.example.com', '--search', 'no_search', '--config', config);
    assert.deepEqual(
      (await remotes()).map(({ search_policy }) => search_policy),
      ['no_search'],
    );
    await crosswire('federation', 'deny', 'b.example.com', '--config', config);
    assert.deepEqual(await remotes(), []);
  });

  it('restricts a remote to teams', async () => {
    const team = 'a6f3c9e2-0d5b-4c1e-9f5e-3c1d2b4a5f60';
    await crosswire('federation', 'allow', 'c.example.com', '--team', team, '--config', config);
    assert.deepEqual((await remotes())[0]?.restriction, { tag: 'restrict_by_team', value: [team] });
  });

  it('tells the state of the sessions and queues to remotes', async () => {
    const run = await crosswire('federation', 'status', '--json', '--config', config);
    assert.deepEqual([run.code, JSON.parse(run.stdout)], [0, { remotes: [], queues: [] }]);
  });

  it('refuses what is no domain', async () => {
    const run = await crosswire('federation', 'allow', 'localhost', '--config', config);
    assert.deepEqual(
      [run.code, run.stderr],
      [1, 'found localhost, expected a backend domain such as b.example.com\n'],
    );
  });

  it('says so in one line when the backend is down', async () => {
    await network.kill(network.backend(0));
    const run = await crosswire('federation', 'list', '--config', config);
    assert.equal(run.code, 1);
    assert.match(
      run.stderr,
      /^a\.example\.com does not answer at http:.* start it: crosswire serve --config …\n$/,
    );
  });
});

describe('crosswire', () => {
  it('explains itself and each command', async () => {
    for (const command of ['serve', 'init', 'doctor', 'federation', 'network', 'demo']) {
      const run = await crosswire(command, '--help');
      assert.equal(run.code, 0);
      assert.match(run.stdout, /Examples:\n {2}crosswire /);
    }
  });

  it('suggests the command that was meant', async () => {
    const run = await crosswire('docter');
    assert.equal(run.code, 1);
    assert.match(run.stderr, /Did you mean doctor\?/);
  });
});
