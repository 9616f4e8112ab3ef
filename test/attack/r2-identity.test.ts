import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { OutgoingHttpHeaders } from 'node:http2';
import { after, before, describe, it } from 'node:test';
import { createAuthority, federatorSrv, type LeafOptions, openDnsServer } from '#testkit';
import { openDiscovery } from '../../src/federator/discovery/index.ts';
import {
  type Answer,
  ask,
  askOnce,
  authority,
  connectDoor,
  type Door,
  openDoor,
  parseText,
  remoteDomain,
  remoteHost,
  speakHttp2,
} from '../federation/inward-rig.ts';

/**
 * R2: who a caller says it is. A mallory with a good certificate of its own claims to be Alice's backend, in every way
 * that a header can say so; none is believed, and no component is reached.
 */

const malloryHost = 'wire.mallory.example.com';
const mallory = authority.issue({ names: [malloryHost] });
const alice = authority.issue({ names: [remoteHost] });

interface Spoof {
  readonly name: string;
  readonly headers: OutgoingHttpHeaders;
  readonly status: number;
  readonly label: string;
  readonly shown?: typeof mallory;
}

const claims = (name: string, origin: string | string[] | undefined, label: string, status = 400): Spoof => ({
  name,
  headers: { 'wire-origin-domain': origin },
  status,
  label,
});

const spoofs: readonly Spoof[] = [
  claims('valid certificate, origin of another', remoteDomain, 'authentication-failure', 403),
  claims('two origin headers', ['mallory.example.com', remoteDomain], 'domain-parse-error'),
  claims('origin of another in upper case', 'A.EXAMPLE.COM', 'authentication-failure', 403),
  claims('trailing dot', `${remoteDomain}.`, 'domain-parse-error'),
  claims('international name as it is read', 'bücher.example.com', 'domain-parse-error'),
  claims('port in the domain', `${remoteDomain}:443`, 'domain-parse-error'),
  claims('path in the domain', `${remoteDomain}/x`, 'domain-parse-error'),
  claims('missing', undefined, 'no-origin-domain'),
  claims('list value', `mallory.example.com, ${remoteDomain}`, 'domain-parse-error'),
  claims('very long', `${'a'.repeat(60)}.`.repeat(5) + remoteDomain, 'domain-parse-error'),
  claims('SRV that points to a third party', 'points-to-alice.example.com', 'authentication-failure', 403),
  claims('IP address', '127.0.0.1', 'domain-parse-error'),
  claims('infrastructure domain for a backend domain', malloryHost, 'invalid-domain', 422),
  {
    name: 'certificate of another in the header of an ingress',
    headers: { 'x-ssl-certificate': encodeURIComponent(alice.certificate) },
    status: 403,
    label: 'authentication-failure',
  },
  {
    name: 'own claim of being admitted',
    headers: {
      'wire-origin-domain': 'mallory.example.com',
      ':authority': 'a.example.com',
      'x-forwarded-for': '127.0.0.1',
    },
    status: 403,
    label: 'authentication-failure',
    shown: authority.issue({ names: ['mallory.example.com', 'a.example.com'] }),
  },
];

describe('R2 identity at the ingress', () => {
  let door: Door;

  before(async () => {
    door = await openDoor();
    door.discovery.hosts.set('points-to-alice.example.com', [remoteHost]);
    door.discovery.hosts.set(malloryHost, []);
  });
  after(() => door[Symbol.asyncDispose]());

  for (const { name, headers, status, label, shown } of spoofs) {
    it(`refuses: ${name}`, async () => {
      const answer = await askOnce(door, shown ?? mallory, headers);
      assert.equal(answer.status, status, answer.text);
      assert.equal(answer.body.label, label, answer.text);
      assert.equal(door.components.seen.length, 0);
      assert.equal(door.contacts.length, 0, 'no breaker is closed');
    });
  }

  it('judges each request of a connection by itself', async () => {
    const session = speakHttp2(await connectDoor(door.ingress.port, mallory));
    const claimed = ['mallory.example.com', remoteDomain, 'mallory.example.com', remoteDomain];
    const answers = await Promise.all(
      claimed.map((domain) => ask(session, { 'wire-origin-domain': domain })),
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 403, 200, 403],
    );
    const seen = door.components.seen.splice(0);
    assert.deepEqual(
      seen.map(({ originDomain }) => originDomain),
      ['mallory.example.com', 'mallory.example.com'],
    );
    assert.deepEqual(door.contacts.splice(0), ['mallory.example.com', 'mallory.example.com']);
    session.destroy();
  });
});

describe('R2 identity in the header of an outside ingress', () => {
  const leaf = (options: LeafOptions = {}) => authority.issue({ names: [remoteHost], ...options });
  const escaped = (pem: string) => encodeURIComponent(pem);
  const hourMs = 3_600_000;

  const bad: readonly (readonly [name: string, header: string | undefined, status: number, label: string])[] =
    [
      ['none', undefined, 400, 'no-client-certificate'],
      ['empty', '', 400, 'no-client-certificate'],
      ['not encoded', '%zz', 400, 'certificate-parse-error'],
      ['no PEM', 'hello', 400, 'certificate-parse-error'],
      ['two certificates', escaped(alice.certificate + mallory.certificate), 400, 'certificate-parse-error'],
      ['a key besides', escaped(alice.certificate + mallory.key), 400, 'certificate-parse-error'],
      [
        'broken DER',
        escaped(alice.certificate.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA')),
        400,
        'certificate-parse-error',
      ],
      ['cut off', escaped(alice.certificate.slice(0, 200)), 400, 'certificate-parse-error'],
      ['plus signs unescaped', alice.certificate.replaceAll('\n', '%0A'), 0, ''],
      ['of another', escaped(mallory.certificate), 403, 'authentication-failure'],
      [
        'right common name only',
        escaped(leaf({ names: [], commonName: remoteHost }).certificate),
        403,
        'authentication-failure',
      ],
      [
        'version 1',
        escaped(leaf({ version: 1, commonName: remoteHost }).certificate),
        403,
        'authentication-failure',
      ],
      [
        'expired',
        escaped(leaf({ notAfter: new Date(Date.now() - 1000) }).certificate),
        400,
        'authentication-failure',
      ],
      [
        'not yet valid',
        escaped(leaf({ notBefore: new Date(Date.now() + hourMs) }).certificate),
        400,
        'authentication-failure',
      ],
      [
        'for servers only',
        escaped(leaf({ purposes: ['serverAuth'] }).certificate),
        400,
        'authentication-failure',
      ],
    ];

  async function post(url: string, header: string | undefined, domain = remoteDomain): Promise<Answer> {
    const answer = await fetch(`${url}/federation/brig/api-version`, {
      method: 'POST',
      body: '{}',
      headers: {
        'wire-origin-domain': domain,
        ...(header === undefined ? {} : { 'x-ssl-certificate': header }),
      },
    });
    return {
      status: answer.status,
      contentType: answer.headers.get('content-type') ?? undefined,
      ...parseText(await answer.text()),
    };
  }

  it('believes it from the addresses of the own ingress', async () => {
    await using door = await openDoor({ trustedIngress: ['127.0.0.0/8'] });
    await using listener = await door.inward.openListener({ host: '127.0.0.1', port: 0 });
    const twice = [
      await post(listener.url, escaped(alice.certificate)),
      await post(listener.url, escaped(alice.certificate)),
    ];
    for (const answer of twice) assert.equal(answer.status, 200, answer.text);
    assert.equal(door.components.seen.length, 2);
  });

  it('believes it from nobody else', async () => {
    await using door = await openDoor({ trustedIngress: ['192.0.2.7', '10.0.0.0/8', '2001:db8::/32'] });
    await using listener = await door.inward.openListener({ host: '127.0.0.1', port: 0 });
    const answer = await post(listener.url, escaped(alice.certificate));
    assert.equal(answer.status, 400, answer.text);
    assert.deepEqual([answer.body.label, answer.body.error], ['untrusted-ingress', 'AuthenticationFailure']);
    assert.equal(door.components.seen.length, 0);
  });

  it('refuses what is no single, valid certificate of the remote', async () => {
    await using door = await openDoor();
    await using listener = await door.inward.openListener({ host: '127.0.0.1', port: 0 });
    for (const [name, header, status, label] of bad) {
      const answer = await post(listener.url, header);
      if (status === 0) {
        // A plus is a space: unless the base64 happens to have none, the certificate is broken.
        assert.ok(!alice.certificate.includes('+') || answer.status === 400, name);
        continue;
      }
      assert.equal(answer.status, status, `${name}: ${answer.text}`);
      assert.equal(answer.body.label, label, name);
    }
    assert.ok(door.components.seen.length <= 1);
  });

  it('answers operators, and nobody else, on the plain listener', async () => {
    await using door = await openDoor({ trustedIngress: [] });
    await using listener = await door.inward.openListener({
      host: '127.0.0.1',
      port: 0,
      outwardUrl: () => undefined,
    });
    assert.equal((await fetch(`${listener.url}/i/status?standalone`)).status, 200);
    assert.match(
      await (await fetch(`${listener.url}/i/metrics`)).text(),
      /com_wire_federator_incoming_requests/,
    );
    assert.equal((await fetch(`${listener.url}/i/users`)).status, 404);
    assert.equal((await fetch(`${listener.url}/i/status`, { method: 'HEAD' })).status, 200);
    assert.equal((await fetch(`${listener.url}/i/status`, { method: 'POST' })).status, 404);
  });

  it('says when the other side of the federator does not answer', async () => {
    await using door = await openDoor();
    await using listener = await door.inward.openListener({
      host: '127.0.0.1',
      port: 0,
      outwardUrl: () => 'http://127.0.0.1:1',
    });
    assert.equal((await fetch(`${listener.url}/i/status`)).status, 500);
  });
});

describe('R2 identity by real DNS', () => {
  it('believes whom the SRV record of the claimed domain names, and answers the failures of DNS', async () => {
    await using dns = await openDnsServer({
      zone: [
        federatorSrv('a.example.com', { target: remoteHost, port: 443 }),
        federatorSrv('points-to-alice.example.com', { target: remoteHost, port: 443 }),
      ],
    });
    dns.script({ name: '_wire-server-federator._tcp.broken.example.com' }, 'servfail');
    await using discovery = openDiscovery({ servers: [dns.endpoint], timeoutMs: 2000 });
    await using door = await openDoor({ discovery });
    const cases: readonly (readonly [
      shown: typeof alice,
      domain: string,
      status: number,
      label?: string,
      error?: string,
    ])[] = [
      [alice, 'a.example.com', 200],
      [alice, 'A.Example.COM', 200],
      [mallory, 'a.example.com', 403, 'authentication-failure', 'ValidationError'],
      [mallory, 'points-to-alice.example.com', 403, 'authentication-failure', 'ValidationError'],
      [mallory, 'nowhere.example.com', 422, 'invalid-domain', 'DiscoveryFailure'],
      [mallory, 'broken.example.com', 400, 'discovery-failure', 'DiscoveryFailure'],
    ];
    for (const [shown, domain, status, label, error] of cases) {
      const answer = await askOnce(door, shown, { 'wire-origin-domain': domain });
      assert.deepEqual(
        [answer.status, answer.body.label, answer.body.error],
        [status, label, error],
        `${domain}: ${answer.text}`,
      );
    }
    assert.equal(door.components.seen.length, 2);
  });

  it('reads no certificate of an authority that only looks like ours', async () => {
    await using door = await openDoor();
    const twin = createAuthority({ commonName: 'Root of the federation' });
    const socket = await connectDoor(door.ingress.port, twin.issue({ names: [remoteHost] }));
    const session = speakHttp2(socket);
    const closed = once(session, 'close');
    const answer = await ask(session);
    assert.deepEqual([answer.status, answer.body.error], [400, 'AuthenticationFailure']);
    await closed;
    assert.equal(door.components.seen.length, 0);
  });
});
