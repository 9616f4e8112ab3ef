import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  createUser,
  crosswireArgv,
  gone,
  isRunning,
  logIn,
  type NetworkBackend,
  openNetwork,
  openProcess,
  request,
  type TestNetwork,
  until,
} from '#testkit';

/*
 * The promises of `crosswire network` and `network.json`, on which other programs rely: what is written and when, that
 * a backend can be killed and brought back on the same ports and data, and that nothing is ever left behind.
 */

describe('crosswire network', () => {
  let network: TestNetwork;
  before(async () => {
    network = await openNetwork({ backends: 2 });
  });
  after(() => network[Symbol.asyncDispose]());

  it('writes the same JSON to network.json as on its one line of standard output', async () => {
    const lines = network.process.stdout().split('\n');
    assert.equal(lines.length, 2, 'one line and its end');
    assert.equal(lines[1], '');
    const file = await readFile(join(network.directory, 'network.json'), 'utf8');
    assert.deepEqual(JSON.parse(file), JSON.parse(lines[0] ?? ''));
  });

  it('names its backends a, b, … with infrastructure domains that differ', () => {
    assert.deepEqual(
      network.backends.map(({ domain }) => domain),
      ['a.example.com', 'b.example.com'],
    );
    for (const { domain, infrastructureDomain } of network.backends)
      assert.notEqual(domain, infrastructureDomain);
  });

  it('gives absolute paths, and a CA that signs the leaves directly', async () => {
    for (const path of [
      network.ca.certificate,
      network.ca.key,
      ...network.backends.map(({ config }) => config),
    ])
      assert.ok(isAbsolute(path), path);
    const ca = new X509Certificate(await readFile(network.ca.certificate));
    const leaf = new X509Certificate(await readFile(join(network.directory, 'a', 'tls', 'cert.pem')));
    assert.ok(leaf.verify(ca.publicKey));
    assert.match(await readFile(network.ca.key, 'utf8'), /^-----BEGIN PRIVATE KEY-----/);
  });

  it('serves on every listener, with metrics on three of them', async () => {
    for (const backend of network.backends) {
      assert.equal((await request(`${backend.internalApi}/i/status`)).status, 200);
      for (const url of [backend.internalApi, backend.outward, backend.inward]) {
        const metrics = await request(`${url}/i/metrics`);
        assert.equal(metrics.status, 200);
        assert.match(String(metrics.body), /http_request_duration_seconds/);
      }
      const versions = await request(`${backend.clientApi}/api-version`);
      assert.equal(versions.get('federation'), true);
      assert.equal(versions.get('domain'), backend.domain);
    }
  });

  it('keeps operations away from clients', async () => {
    const answer = await request(`${network.backend(0).clientApi}/i/status`);
    assert.equal(answer.status, 404);
  });

  it('lets every backend allow every other, in a list that can be changed', async () => {
    for (const { internalApi, domain } of network.backends) {
      const answer = await request(`${internalApi}/i/federation/remotes`);
      assert.equal(answer.get('strategy'), 'allowAll');
      const remotes = answer.get('remotes') as readonly {
        readonly domain: string;
        readonly search_policy: string;
      }[];
      const others = network.backends.filter((other) => other.domain !== domain);
      assert.deepEqual(
        remotes.map((remote) => [remote.domain, remote.search_policy]),
        others.map((other) => [other.domain, 'full_search']),
      );
    }
  });

  it('gives a cookie that works over plain HTTP', async () => {
    const { email, password } = await createUser(network.backend(0), { name: 'Cookie' });
    const url = `${network.backend(0).clientApi}/v5`;
    const login = await request(`${url}/login?persist=true`, { body: { email, password } });
    const cookie = login.headers.get('set-cookie') ?? '';
    assert.match(cookie, /^zuid=/);
    assert.doesNotMatch(cookie, /secure/i);
    const [pair = ''] = cookie.split(';');
    const access = await request(`${url}/access`, { method: 'POST', headers: { cookie: pair } });
    assert.equal(access.status, 200);
  });

  it('brings a killed backend up again on the same ports and data, from any folder', async () => {
    const backend = network.backend(1);
    const user = await createUser(backend, { name: 'Survivor', handle: 'survivor' });
    await network.kill(backend);
    for (const port of portsOf(backend)) assert.equal(await isRefused(port), true, `port ${port} refuses`);
    assert.ok(isRunning(network.process.pid), 'the network goes on without it');
    assert.ok(isRunning(network.backend(0).pids[0] ?? -1), 'so does the other backend');
    await network.start(backend);
    const again = await logIn(backend, user);
    assert.equal(again.id, user.id);
    assert.equal((await again.send('/self')).get('handle'), 'survivor');
  });
});

describe('crosswire network, its beginning and end', () => {
  it('ends all that it started on SIGTERM', async () => {
    await using network = await openNetwork({ backends: 1 });
    const { pids } = network.backend(0);
    network.process.kill('SIGTERM');
    assert.deepEqual(await network.process.ended, { code: 0, signal: null });
    assert.ok(!pids.some(isRunning));
  });

  it('ends with everything when SIGTERM reaches only the `npm exec` that started it', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'crosswire-npm-'));
    try {
      const project = fileURLToPath(new URL('../..', import.meta.url));
      const network = ['crosswire', 'network', '--backends', '1', '--dir', directory];
      await using npm = openProcess(['npm', '--silent', '--prefix', project, 'exec', '--', ...network], {
        cwd: tmpdir(),
      });
      await until('the network to be ready', () => npm.stdout().includes('\n'));
      const { backends } = JSON.parse(npm.stdout());
      const pids: readonly number[] = backends[0].pids;
      npm.kill('SIGTERM');
      await gone(pids);
      await npm.ended;
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('leaves no backend behind when it is killed itself', async () => {
    await using network = await openNetwork({ backends: 1 });
    network.process.kill('SIGKILL');
    await network.process.ended;
    await gone(network.backend(0).pids);
  });

  it('ends a restarted backend in order on SIGTERM', async () => {
    await using network = await openNetwork({ backends: 1 });
    const backend = network.backend(0);
    await network.kill(backend);
    await using restarted = openProcess(backend.start, { cwd: tmpdir() });
    await until('it to be ready', () => restarted.stderr().includes('is ready'));
    restarted.kill('SIGTERM');
    assert.deepEqual(await restarted.ended, { code: 0, signal: null });
  });

  it('runs beside another one', async () => {
    const opened = await Promise.all([openNetwork({ backends: 1 }), openNetwork({ backends: 1 })]);
    const [one, other] = opened;
    try {
      const ports = opened.flatMap((network) => network.backends.flatMap(portsOf));
      assert.equal(new Set(ports).size, ports.length);
      const user = await createUser(one.backend(0), { name: 'Only here' });
      await assert.rejects(logIn(other.backend(0), user), /invalid-credentials/);
    } finally {
      await Promise.all(opened.map((network) => network[Symbol.asyncDispose]()));
    }
  });

  it('keeps its data in PostgreSQL when asked to', async () => {
    await using network = await openNetwork({ backends: 1, storage: 'postgres' });
    const backend = network.backend(0);
    assert.match(await readFile(backend.config, 'utf8'), /postgres:\/\//);
    const user = await createUser(backend, { name: 'Elephant', handle: 'elephant' });
    await network.kill(backend);
    await network.start(backend);
    assert.equal((await logIn(backend, user)).id, user.id);
  });
});

describe('crosswire network --set', () => {
  it('turns federation off', async () => {
    await using network = await openNetwork({ backends: 1, set: { 'federation.enabled': false } });
    const backend = network.backend(0);
    assert.equal((await request(`${backend.clientApi}/api-version`)).get('federation'), false);
    const user = await createUser(backend, { name: 'Alone' });
    const answer = await user.search('bob', 'b.example.com');
    assert.equal(answer.status, 400);
    assert.equal(answer.get('label'), 'federation-not-enabled');
  });

  it('starts with an empty list under allowDynamic', async () => {
    await using network = await openNetwork({ backends: 2, set: { 'federation.strategy': 'allowDynamic' } });
    const answer = await request(`${network.backend(0).internalApi}/i/federation/remotes`);
    assert.deepEqual([answer.get('strategy'), answer.get('remotes')], ['allowDynamic', []]);
  });

  it('turns API versions off', async () => {
    await using network = await openNetwork({
      backends: 1,
      set: { 'api.disabledVersions': ['v2', 'development'] },
    });
    const { clientApi } = network.backend(0);
    const versions = await request(`${clientApi}/api-version`);
    assert.deepEqual(
      [versions.get('supported'), versions.get('development')],
      [[0, 1, 3, 4, 5, 6, 7, 8], []],
    );
    assert.equal((await request(`${clientApi}/v2/api-version`)).get('label'), 'unsupported-version');
  });

  const mistakes = [
    {
      name: 'an unknown key',
      set: 'federation.strategi="x"',
      line: /federation\.strategi: is not a setting; did you mean "strategy"\?/,
    },
    { name: 'a wrong value', set: 'mls.enabled=7', line: /mls\.enabled: found 7, expected true or false/ },
    {
      name: 'a value that is no JSON',
      set: 'federation.strategy=allowAll',
      line: /expected JSON; a text needs its quotes/,
    },
  ];
  for (const { name, set, line } of mistakes)
    it(`refuses ${name} in one line and ends with 1`, async () => {
      const directory = await mkdtemp(join(tmpdir(), 'crosswire-set-'));
      try {
        await using run = openProcess(
          crosswireArgv('network', '--backends', '1', '--dir', directory, '--set', set),
        );
        assert.equal((await run.ended).code, 1);
        assert.match(run.stderr(), line);
        assert.equal(run.stderr().trimEnd().split('\n').length, 1);
        assert.equal(run.stdout(), '');
      } finally {
        await rm(directory, { recursive: true });
      }
    });

  it('refuses a folder that is not empty', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'crosswire-set-'));
    try {
      await writeFile(join(directory, 'mine'), '');
      await using run = openProcess(crosswireArgv('network', '--backends', '1', '--dir', directory));
      assert.equal((await run.ended).code, 1);
      assert.match(run.stderr(), /found mine in it, expected an empty folder/);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

function portsOf({ clientApi, internalApi, outward, inward, ingress }: NetworkBackend): readonly number[] {
  return [...[clientApi, internalApi, outward, inward].map((url) => Number(new URL(url).port)), ingress.port];
}

async function isRefused(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
  } finally {
    socket.destroy();
  }
}
