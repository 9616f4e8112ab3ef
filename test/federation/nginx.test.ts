import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createAuthority } from '#testkit';
import {
  type Answer,
  ask,
  authority,
  connectDoor,
  type Door,
  openDoor,
  ownHost,
  remoteDomain,
  remoteHost,
  type Shown,
  speakHttp2,
} from './inward-rig.ts';

/**
 * nginx as the ingress, with the configuration of `deploy/nginx`, as a real process in front of a real inward listener.
 */

const program = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/bin/nginx'].find((path) =>
  existsSync(path),
);
const skip = program === undefined ? 'nginx is not installed' : false;
const template = new URL('../../deploy/nginx/crosswire.conf.template', import.meta.url);

const alice = authority.issue({ names: [remoteHost] });
const mallory = authority.issue({ names: ['wire.mallory.example.com'] });
const unknown = createAuthority({ commonName: 'Unknown "authority"' });

describe('nginx as the ingress', { skip }, () => {
  let stack: AsyncDisposableStack;
  let door: Door;
  let port = 0;
  let inwardPort = 0;

  before(async () => {
    await using opening = new AsyncDisposableStack();
    door = opening.use(await openDoor());
    const listener = opening.use(await door.inward.openListener({ host: '127.0.0.1', port: 0 }));
    inwardPort = listener.port;
    port = await freePort();
    const directory = await mkdtemp(join(tmpdir(), 'crosswire-nginx-'));
    opening.defer(() => rm(directory, { recursive: true, force: true }));
    await writeConfiguration(directory, door.directory, port, inwardPort);
    const nginx = spawn(
      program ?? '',
      ['-p', directory, '-c', join(directory, 'nginx.conf'), '-e', 'stderr'],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    opening.defer(() => stop(nginx));
    await reachable(port, nginx);
    stack = opening.move();
  });
  after(() => stack?.disposeAsync());

  async function send(shown: Shown, headers: Record<string, string> = {}, body = '{}'): Promise<Answer> {
    const session = speakHttp2(await connectDoor(port, shown));
    try {
      return await ask(session, headers, body);
    } finally {
      session.destroy();
    }
  }

  it('lets a verified remote through to the component', async () => {
    const answer = await send(alice);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(door.components.seen.splice(0)[0]?.originDomain, remoteDomain);
  });

  const refused: readonly (readonly [what: string, shown: Shown, says: RegExp])[] = [
    ['no certificate', undefined, /No client certificate was sent/],
    [
      'one of an unknown authority',
      unknown.issue({ names: [remoteHost] }),
      /does not verify \(FAILED:.*issuer \(not shown\)/,
    ],
    [
      'an expired one',
      authority.issue({ names: [remoteHost], notAfter: new Date(Date.now() - 1000) }),
      /expired.*subject CN=wire\.a\.example\.com, issuer CN=Root of the federation/,
    ],
    ['one for servers only', authority.issue({ names: [remoteHost], purposes: ['serverAuth'] }), /purpose/],
  ];
  for (const [what, shown, says] of refused) {
    it(`refuses ${what} with a JSON error that names the reason`, async () => {
      const answer = await send(shown);
      assert.equal(answer.status, 400, answer.text);
      assert.equal(answer.contentType, 'application/json');
      assert.deepEqual(
        [answer.body.label, answer.body.error],
        ['authentication-failure', 'AuthenticationFailure'],
      );
      assert.match(answer.body.message ?? '', says);
      assert.equal(door.components.seen.length, 0);
    });
  }

  it('overwrites a certificate header that a remote sends', async () => {
    const answer = await send(mallory, { 'x-ssl-certificate': encodeURIComponent(alice.certificate) });
    assert.deepEqual([answer.status, answer.body.error], [403, 'ValidationError'], answer.text);
    assert.equal(door.components.seen.length, 0);
  });

  it('shows nobody the pages of operators', async () => {
    for (const path of [
      '/i/metrics',
      '/i/status',
      '//i/metrics',
      '/federation/../i/metrics',
      '/federation/%2e%2e/i/metrics',
      '/',
    ]) {
      const answer = await send(alice, { ':path': path, ':method': 'GET' }, '');
      assert.deepEqual([answer.status, answer.body.label], [404, 'no-endpoint'], `${path}: ${answer.text}`);
    }
  });

  it('passes the path on as it came', async () => {
    const answer = await send(alice, { ':path': '/federation/brig/..%2Fi%2Fusers' });
    assert.equal(answer.status, 400, answer.text);
    assert.equal(door.components.seen.length, 0);
  });

  it('refuses what is too large', async () => {
    const answer = await send(alice, { 'content-length': String(9 * 1024 * 1024) }, '').catch(
      () => undefined,
    );
    if (answer !== undefined) assert.equal(answer.status, 413);
    assert.equal(door.components.seen.length, 0);
  });

  it('speaks TLS 1.2 and 1.3 with the suites of the federation API', async () => {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await connectDoor(port, alice, { maxVersion });
      assert.equal(socket.getProtocol(), maxVersion);
      assert.match(socket.getCipher().name, /AES_?(128|256)[_-]GCM/);
      assert.equal(socket.alpnProtocol, 'h2');
      socket.destroy();
    }
  });
});

async function writeConfiguration(
  directory: string,
  tls: string,
  port: number,
  inward: number,
): Promise<void> {
  const values: Readonly<Record<string, string>> = {
    INGRESS_LISTEN: `127.0.0.1:${port}`,
    INFRASTRUCTURE_DOMAIN: ownHost,
    CERTIFICATE: join(tls, 'cert.pem'),
    KEY: join(tls, 'key.pem'),
    CA: join(tls, 'ca.pem'),
    INWARD: `127.0.0.1:${inward}`,
  };
  const text = await readFile(template, 'utf8');
  const filled = text.replace(/\$\{([A-Z_]+)\}/g, (whole, name: string) => values[name] ?? whole);
  await writeFile(join(directory, 'crosswire.conf'), filled);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const main = [
    'daemon off;',
    // Workers of a root-owned process cannot read a private temporary folder otherwise.
    ...(process.getuid?.() === 0 ? ['user root;'] : []),
    `pid ${join(directory, 'nginx.pid')};`,
    'worker_processes 1;',
    'events { worker_connections 128; }',
    'http {',
    'access_log off;',
    ...temporary.map((name) => `${name}_temp_path ${join(directory, name)};`),
    `include ${join(directory, 'crosswire.conf')};`,
    '}',
  ];
  await writeFile(join(directory, 'nginx.conf'), main.join('\n'));
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  await once(server, 'close');
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}

/** Waits until the port answers; fails with what nginx said when it ends instead. */
async function reachable(port: number, nginx: ChildProcess): Promise<void> {
  let said = '';
  nginx.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8');
  });
  for (;;) {
    if (nginx.exitCode !== null) throw new Error(`nginx ended: ${said}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function stop(nginx: ChildProcess): Promise<void> {
  if (nginx.exitCode !== null) return;
  const ended = once(nginx, 'exit');
  nginx.kill('SIGTERM');
  await ended;
}
