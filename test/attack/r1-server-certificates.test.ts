import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import type { Refusal } from '#contract/refusal.ts';
import { createAuthority, type IssuedCertificate, type LeafOptions, until } from '#testkit';
import { openOutwardRig, sendWhole } from '../federation/outward-calls.ts';
import {
  ask,
  openRig,
  openTlsRemote,
  type Rig,
  refusalOf,
  remote,
  remoteHost,
  target,
} from '../federation/outward-rig.ts';

/**
 * R1, cases 49 to 58: certificates and protocols that a remote shows when we call it. Each runs on a new connection, and
 * again when the remote offered a TLS ticket before: a ticket from a refused handshake must not open the second door,
 * and one from a good handshake must not carry over to what was not checked then.
 */

const day = 24 * 60 * 60 * 1000;

interface Attack {
  readonly name: string;
  readonly leaf: LeafOptions;
  readonly issuer?: (rig: Rig) => { issue(options: LeafOptions): IssuedCertificate };
  /** What the message must tell. */
  readonly told: readonly RegExp[];
}

const attacks: readonly Attack[] = [
  {
    name: 'R1.49 a certificate of another host',
    leaf: { names: ['wire.elsewhere.example.com'] },
    told: [
      /does not name the SRV target/,
      /expected DNS:wire\.b\.example\.com/,
      /wire\.elsewhere\.example\.com/,
    ],
  },
  {
    name: 'R1.49 a certificate whose common name alone is right',
    leaf: { commonName: remoteHost, names: ['wire.elsewhere.example.com'] },
    told: [/does not name the SRV target/],
  },
  {
    name: 'R1.49 a certificate with the right common name and no alternative name',
    leaf: { commonName: remoteHost, names: [] },
    told: [/does not name the SRV target/, /names none/],
  },
  {
    name: 'R1.49 a wildcard over two labels',
    leaf: { names: ['*.example.com'] },
    told: [/does not name the SRV target/, /\*\.example\.com/],
  },
  {
    name: 'R1.49 a partial wildcard',
    leaf: { names: ['w*.b.example.com'] },
    told: [/does not name the SRV target/],
  },
  {
    name: 'R1.49 a name with a trailing dot',
    leaf: { names: [`${remoteHost}.`] },
    told: [/does not name the SRV target/],
  },
  {
    name: 'R1.50 a certificate that does not allow server authentication',
    leaf: { names: [remoteHost], purposes: ['clientAuth'] },
    told: [/does not allow server authentication/],
  },
  {
    name: 'R1.51 an expired certificate',
    leaf: {
      names: [remoteHost],
      notBefore: new Date(Date.now() - 9 * day),
      notAfter: new Date(Date.now() - day),
    },
    told: [/has expired/, /valid from .* to /],
  },
  {
    name: 'R1.51 a certificate that is not valid yet',
    leaf: {
      names: [remoteHost],
      notBefore: new Date(Date.now() + day),
      notAfter: new Date(Date.now() + 9 * day),
    },
    told: [/not valid yet/],
  },
  {
    name: 'R1.52 a certificate of an unknown CA',
    leaf: { names: [remoteHost] },
    issuer: () => createAuthority({ commonName: 'Nobody knows me' }),
    told: [/not trusted/, /issuer "CN=Nobody knows me"/],
  },
  {
    name: 'R1.53 a certificate that names the backend domain but not the SRV target',
    leaf: { names: [remote] },
    told: [/does not name the SRV target/, /names DNS:b\.example\.com/],
  },
  {
    name: 'R1.54 a certificate of the SRV target of another backend',
    leaf: { names: ['wire.c.example.com'] },
    told: [/does not name the SRV target/, /names DNS:wire\.c\.example\.com/],
  },
];

function assertTold(refusal: Refusal, told: readonly RegExp[]): void {
  assert.equal(refusal.label, 'federation-tls-error');
  assert.equal(refusal.status, 525);
  for (const expected of told) assert.match(refusal.message, expected);
}

describe('R1 server certificates', () => {
  for (const { name, leaf, issuer, told } of attacks) {
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      test(`${name} is refused over ${maxVersion}, and again when the remote offers to resume`, async () => {
        await using rig = openRig();
        const certificate = (issuer?.(rig) ?? rig.authority).issue(leaf);
        await using peer = await openTlsRemote({ authority: rig.authority, certificate, maxVersion });
        rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
        assertTold(await refusalOf(rig.pool), told);
        rig.pool.contact(remote);
        assertTold(await refusalOf(rig.pool), told);
        assert.equal(peer.opened.resumed, 0);
        assert.deepEqual(peer.requests, []);
      });
    }
  }

  test('a certificate that is right in every respect is accepted, new and resumed', async () => {
    for (const names of [
      [remoteHost],
      ['*.b.example.com'],
      ['WIRE.B.EXAMPLE.COM'],
      ['x.example.com', remoteHost],
    ]) {
      await using rig = openRig();
      await using peer = await openTlsRemote({
        authority: rig.authority,
        certificate: rig.authority.issue({ names, commonName: 'anything' }),
      });
      rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
      assert.equal(await ask(rig.pool), 200);
      await endSessions(rig, peer);
      assert.equal(await ask(rig.pool), 200);
      assert.equal(peer.opened.resumed, 1);
    }
  });

  test('R1.51 a certificate that expired since its TLS session began is refused on resumption', async () => {
    const clock = { now: Date.now() };
    await using rig = openRig({}, { now: () => clock.now });
    const certificate = rig.authority.issue({ names: [remoteHost], notAfter: new Date(clock.now + day) });
    await using peer = await openTlsRemote({ authority: rig.authority, certificate });
    rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
    assert.equal(await ask(rig.pool), 200);
    await endSessions(rig, peer);
    clock.now += 2 * day;
    const refusal = await refusalOf(rig.pool);
    assert.equal(peer.requests.length, 1);
    assertTold(refusal, [/not valid now/, /valid from .* to /]);
  });

  test('R1.45 a revoked certificate is refused, another one of the same CA is not', async () => {
    await using rig = openRig();
    const revoked = rig.authority.issue({ names: [remoteHost] });
    const crl = rig.authority.createCrl({ revoked: [revoked] });
    rig.certificates.reload({ crl }, false);
    await using hostile = await openTlsRemote({ authority: rig.authority, certificate: revoked });
    rig.discovery.targets.set(remote, [target(remoteHost, hostile.port)]);
    assertTold(await refusalOf(rig.pool), [/CERT_REVOKED/]);
    assert.deepEqual(hostile.requests, []);
    await using good = await openTlsRemote({ authority: rig.authority });
    rig.discovery.targets.set(remote, [target(remoteHost, good.port)]);
    rig.pool.contact(remote);
    assert.equal(await ask(rig.pool), 200);
  });

  test('R1.52 a ticket from before its CA was removed resumes nothing', async () => {
    await using rig = openRig();
    await using peer = await openTlsRemote({ authority: rig.authority });
    rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
    assert.equal(await ask(rig.pool), 200);
    rig.certificates.reload({ ca: createAuthority().certificate }, true);
    assertTold(await refusalOf(rig.pool), [/not trusted/]);
    await until('the session of the removed CA to end', () => peer.sessions.size === 0);
    assert.equal(peer.opened.resumed, 0);
  });

  test('R1.54 a ticket of one target is not offered to another, though they share keys and port', async () => {
    await using rig = openRig();
    const certificate = rig.authority.issue({ names: ['wire.c.example.com'] });
    await using peer = await openTlsRemote({ authority: rig.authority, certificate });
    rig.discovery.targets.set(remote, [target('wire.c.example.com', peer.port)]);
    assert.equal(await ask(rig.pool), 200);
    rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
    assertTold(await refusalOf(rig.pool), [/does not name the SRV target/]);
    assert.equal(peer.opened.resumed, 0);
  });

  test('R1.55 plain HTTP on the port is refused', async () => {
    await using rig = openRig();
    const server = createHttpServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    rig.discovery.targets.set(remote, [target(remoteHost, (server.address() as AddressInfo).port)]);
    for (let round = 0; round < 2; round += 1) {
      assertTold(await refusalOf(rig.pool), [/TLS failed: .*(wrong version number|packet length)/]);
      rig.pool.contact(remote);
    }
    server.closeAllConnections();
    server.close();
  });

  const weak: readonly { readonly name: string; readonly options: TlsOptions }[] = [
    {
      name: 'TLS 1.1 only',
      options: { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' },
    },
    { name: 'a CBC cipher only', options: { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' } },
    {
      name: 'no forward secrecy',
      options: { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256:@SECLEVEL=0' },
    },
  ];
  for (const { name, options } of weak) {
    test(`R1.56 a remote that speaks ${name} is refused`, async () => {
      await using rig = openRig();
      await using peer = await openRawTls(rig, { ALPNProtocols: ['h2'], ...options });
      rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
      for (let round = 0; round < 2; round += 1) {
        assertTold(await refusalOf(rig.pool), [/TLS failed/]);
        rig.pool.contact(remote);
      }
      assert.equal(peer.accepted(), 0);
    });
  }

  test('R1.57 a remote that chooses no protocol is no HTTP/2 remote: 533', async () => {
    await using rig = openRig();
    await using peer = await openRawTls(rig, {});
    rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
    for (let round = 0; round < 2; round += 1) {
      const refusal = await refusalOf(rig.pool);
      assert.equal(refusal.label, 'federation-http2-error');
      assert.equal(refusal.status, 533);
      assert.match(refusal.message, /offered ALPN h2, it chose none/);
      rig.pool.contact(remote);
    }
  });

  test('R1.57 a remote that insists on HTTP/1.1 ends the handshake itself: 525', async () => {
    await using rig = openRig();
    await using peer = await openRawTls(rig, { ALPNProtocols: ['http/1.1'] });
    rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
    assertTold(await refusalOf(rig.pool), [/no application protocol/]);
  });

  test('R1.57 a remote that agrees on h2 and speaks something else is refused: 533', async () => {
    await using rig = openRig();
    await using peer = await openRawTls(rig, { ALPNProtocols: ['h2'] }, 'HTTP/1.1 400 Bad Request\r\n\r\n');
    rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
    const refusal = await refusalOf(rig.pool);
    assert.equal(refusal.label, 'federation-http2-error');
  });

  for (const status of [301, 302, 303, 307, 308]) {
    test(`R1.58 a redirect with ${status} is not followed`, async () => {
      await using rig = openOutwardRig();
      await using elsewhere = await openTlsRemote({ authority: rig.authority });
      await using peer = await openTlsRemote({
        authority: rig.authority,
        handler: (stream) => {
          stream.respond({
            ':status': status,
            location: `https://${remoteHost}:${elsewhere.port}/federation/x`,
          });
          stream.end();
        },
      });
      rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
      for (let round = 0; round < 2; round += 1) {
        const answer = await sendWhole(rig, 'redirected');
        assert.equal(answer.status, 533);
        assert.equal(answer.body.label, 'federation-remote-error');
        assert.match(answer.body.message, new RegExp(`status code: ${status}`));
      }
      assert.equal(elsewhere.opened.count, 0);
    });
  }

  test('a remote that does not accept our certificate is a TLS error, though it says so late', async () => {
    await using rig = openRig();
    await using peer = await openTlsRemote({ authority: rig.authority, ca: createAuthority().certificate });
    rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
    const refusal = await refusalOf(rig.pool);
    assert.ok(
      ['federation-tls-error', 'federation-connection-refused'].includes(refusal.label),
      refusal.message,
    );
    assert.deepEqual(peer.requests, []);
  });
});

async function endSessions(
  rig: Rig,
  peer: { readonly sessions: ReadonlySet<{ close(): void }> },
): Promise<void> {
  for (const session of peer.sessions) session.close();
  await until('the session to end', () => rig.pool.status(remote)[0]?.sessions.length === 0);
}

/** A TLS server that speaks no HTTP, with the right certificate. */
async function openRawTls(rig: Rig, options: TlsOptions, greeting = '') {
  const issued = rig.authority.issue({ names: [remoteHost] });
  let accepted = 0;
  const server = createTlsServer({ cert: issued.chain, key: issued.key, ...options }, (socket) => {
    accepted += 1;
    socket.on('error', () => undefined);
    socket.write(greeting);
  });
  server.on('tlsClientError', () => undefined);
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    accepted: () => accepted,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
