import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import {
  type Authority,
  createAuthority,
  createKey,
  type IssuedCertificate,
  type LeafOptions,
  subjectAlternativeName,
} from '#testkit';
import {
  ask,
  askOnce,
  authority,
  connectDoor,
  type Door,
  openDoor,
  remoteHost,
  type Shown,
  speakHttp2,
} from '../federation/inward-rig.ts';

/**
 * R1, cases 1 to 48: client certificates at our door. Each is shown on a new connection with two requests on it, and
 * again on a resumed TLS session; the verdict must be the same, and a refused one must not reach a component. Where
 * OpenSSL's command line can judge the same chain, its verdict is compared.
 */

const run = promisify(execFile);
const second = 1000;
const day = 24 * 3600 * second;
const from = (ms: number) => new Date(Date.now() + ms);

/** The verdicts there are, as the remote sees them. */
const verdicts = {
  accepted: { status: 200 },
  unverified: { status: 400, label: 'authentication-failure', error: 'AuthenticationFailure' },
  misnamed: { status: 403, label: 'authentication-failure', error: 'ValidationError' },
  /** No HTTP at all: TLS itself refuses to take the certificate. */
  handshake: undefined,
} as const;

interface Case {
  readonly id: number;
  readonly what: string;
  readonly verdict: keyof typeof verdicts;
  /** Part of the message. */
  readonly says?: RegExp;
  readonly show: () => Shown;
  /** What `openssl verify` is to say of the chain; not compared when absent. */
  readonly openssl?: 'ok' | 'bad';
  /** Which of the doors: see `before`. */
  readonly door?: 'plain' | 'revoking' | 'stale';
  readonly headers?: Readonly<Record<string, string>>;
}

const leaf = (options: LeafOptions = {}, issuer: Authority = authority) =>
  issuer.issue({ names: [remoteHost], ...options });

const expiredRoot = createAuthority({
  commonName: 'Old root',
  notBefore: from(-900 * day),
  notAfter: from(-day),
});
const newRootKey = createKey('P-256');
const newRoot = createAuthority({ commonName: 'New root', key: newRootKey });
const crossSigned = expiredRoot.createIntermediate({ commonName: 'New root', key: newRootKey });
const revoked = leaf();
const intermediate = authority.createIntermediate();

/** A chain of this many authorities below the root. */
function below(count: number): Authority {
  let issuer: Authority = authority;
  for (let i = 0; i < count; i++) issuer = issuer.createIntermediate();
  return issuer;
}

/** A leaf that signs as if it were an authority. */
function asIssuer(options: { readonly authority: boolean }): Authority {
  return authority.createIntermediate(options);
}

const wrongOrder = (): Shown => {
  const { chain, key, certificate } = leaf({}, below(2));
  const parts = chain.slice(certificate.length).split(/(?<=-----END CERTIFICATE-----\n)/);
  return { chain: certificate + parts.reverse().join(''), key };
};

const cases: readonly Case[] = [
  {
    id: 1,
    what: 'none',
    verdict: 'unverified',
    says: /No client certificate was sent/,
    show: () => undefined,
  },
  {
    id: 2,
    what: 'self-signed',
    verdict: 'unverified',
    says: /self-signed/,
    show: () =>
      createAuthority({
        commonName: remoteHost,
        extensions: [subjectAlternativeName([{ dns: remoteHost }])],
      }),
    openssl: 'bad',
  },
  {
    id: 3,
    what: 'unknown authority',
    verdict: 'unverified',
    says: /issuer CN=Unknown/,
    show: () => leaf({}, createAuthority({ commonName: 'Unknown' })),
    openssl: 'bad',
  },
  {
    id: 4,
    what: 'an authority with the trusted name but another key',
    verdict: 'unverified',
    show: () => leaf({}, createAuthority({ commonName: 'Root of the federation' })),
    openssl: 'bad',
  },
  {
    id: 5,
    what: 'expired a second ago',
    verdict: 'unverified',
    says: /expired/,
    show: () => leaf({ notBefore: from(-day), notAfter: from(-second) }),
    openssl: 'bad',
  },
  {
    id: 6,
    what: 'expired a year ago',
    verdict: 'unverified',
    says: /expired/,
    show: () => leaf({ notBefore: from(-700 * day), notAfter: from(-365 * day) }),
    openssl: 'bad',
  },
  {
    id: 7,
    what: 'not yet valid',
    verdict: 'unverified',
    says: /not valid yet/,
    show: () => leaf({ notBefore: from(day) }),
    openssl: 'bad',
  },
  {
    id: 8,
    what: 'expired intermediate',
    verdict: 'unverified',
    says: /expired/,
    show: () => leaf({}, authority.createIntermediate({ notBefore: from(-9 * day), notAfter: from(-day) })),
    openssl: 'bad',
  },
  {
    id: 9,
    what: 'expired root in the bundle, beside the root that it has cross-signed',
    verdict: 'accepted',
    show: () => {
      const issued = leaf({}, newRoot);
      return { chain: issued.certificate + crossSigned.certificate, key: issued.key };
    },
    openssl: 'ok',
  },
  {
    id: 10,
    what: 'missing intermediate',
    verdict: 'unverified',
    says: /intermediate is missing/,
    show: () => {
      const { certificate, key } = leaf({}, intermediate);
      return { chain: certificate, key };
    },
    openssl: 'bad',
  },
  { id: 11, what: 'intermediates in the wrong order', verdict: 'accepted', show: wrongOrder, openssl: 'ok' },
  {
    id: 12,
    what: 'unrelated certificates besides',
    verdict: 'accepted',
    show: () => {
      const { chain, key } = leaf({}, intermediate);
      const others = [createAuthority(), createAuthority({ commonName: 'Other' })];
      return { chain: chain + others.map(({ certificate }) => certificate).join(''), key };
    },
    openssl: 'ok',
  },
  {
    id: 13,
    what: 'chain at the depth limit',
    verdict: 'accepted',
    show: () => leaf({}, below(3)),
    openssl: 'ok',
  },
  {
    id: 14,
    what: 'chain above the depth limit',
    verdict: 'unverified',
    says: /below 4 intermediates, allowed are 3/,
    show: () => leaf({}, below(4)),
  },
  {
    id: 15,
    what: 'intermediate that is no authority',
    verdict: 'unverified',
    show: () => leaf({}, asIssuer({ authority: false })),
    openssl: 'bad',
  },
  {
    id: 16,
    what: 'leaf used as issuer',
    verdict: 'unverified',
    show: () => {
      const keys = createKey('P-256');
      const stolen = authority.issue({
        names: ['wire.x.example.com'],
        commonName: 'wire.x.example.com',
        key: keys,
      });
      const forger = createAuthority({ commonName: 'wire.x.example.com', key: keys });
      const forged = leaf({}, forger);
      return { chain: forged.certificate + stolen.certificate, key: forged.key };
    },
    openssl: 'bad',
  },
  {
    id: 17,
    what: 'path length broken',
    verdict: 'unverified',
    show: () => leaf({}, authority.createIntermediate({ pathLength: 0 }).createIntermediate()),
    openssl: 'bad',
  },
  {
    id: 18,
    what: 'name constraints that forbid the domain',
    verdict: 'unverified',
    show: () => leaf({}, authority.createIntermediate({ nameConstraints: { permitted: ['x.example.com'] } })),
    openssl: 'bad',
  },
  {
    id: 19,
    what: 'for server authentication only',
    verdict: 'unverified',
    says: /server authentication only/,
    show: () => leaf({ purposes: ['serverAuth'] }),
    openssl: 'bad',
  },
  {
    id: 20,
    what: 'no extended key usage',
    verdict: 'accepted',
    show: () => leaf({ purposes: null }),
    openssl: 'ok',
  },
  {
    id: 21,
    what: 'no digital signature among its key usages',
    verdict: 'unverified',
    says: /digital signatures/,
    show: () => leaf({ keyUsages: ['keyEncipherment'] }),
    openssl: 'bad',
  },
  {
    id: 21,
    what: 'key agreement as its only key usage',
    verdict: 'unverified',
    says: /digital signatures/,
    show: () => leaf({ keyUsages: ['keyAgreement'] }),
  },
  {
    id: 22,
    what: 'right common name, no alternative name',
    verdict: 'misnamed',
    says: /names none/,
    show: () => leaf({ names: [], commonName: remoteHost }),
  },
  {
    id: 23,
    what: 'another domain',
    verdict: 'misnamed',
    show: () => leaf({ names: ['wire.x.example.com'] }),
  },
  {
    id: 24,
    what: 'the backend domain only',
    verdict: 'misnamed',
    says: /is served by wire\.a\.example\.com; found .*DNS:a\.example\.com/,
    show: () => leaf({ names: ['a.example.com'] }),
  },
  {
    id: 25,
    what: 'wildcard for one label',
    verdict: 'accepted',
    show: () => leaf({ names: ['*.a.example.com'] }),
  },
  {
    id: 26,
    what: 'wildcard over two labels',
    verdict: 'misnamed',
    show: () => leaf({ names: ['*.example.com'] }),
  },
  {
    id: 27,
    what: 'partial wildcard',
    verdict: 'misnamed',
    show: () => leaf({ names: ['w*.a.example.com'] }),
  },
  {
    id: 28,
    what: 'wildcard on a top-level domain',
    verdict: 'misnamed',
    show: () => leaf({ names: ['*.com', '*'] }),
  },
  { id: 29, what: 'trailing dot', verdict: 'misnamed', show: () => leaf({ names: [`${remoteHost}.`] }) },
  { id: 30, what: 'upper case', verdict: 'accepted', show: () => leaf({ names: ['WIRE.A.Example.COM'] }) },
  {
    id: 31,
    what: 'international name as it is read',
    verdict: 'misnamed',
    show: () => leaf({ names: ['wire.bücher.example.com'] }),
    headers: { 'wire-origin-domain': 'xn--bcher-kva.example.com' },
  },
  {
    id: 32,
    what: 'international name as it is sent',
    verdict: 'accepted',
    show: () => leaf({ names: ['wire.xn--bcher-kva.example.com'] }),
    headers: { 'wire-origin-domain': 'xn--bcher-kva.example.com' },
  },
  {
    id: 33,
    what: 'NUL inside the name',
    verdict: 'misnamed',
    show: () => leaf({ names: [`${remoteHost}\0.evil.example.net`] }),
  },
  {
    id: 34,
    what: 'right name as URI, mail or IP address',
    verdict: 'misnamed',
    show: () =>
      leaf({ names: [], otherNames: [{ uri: remoteHost }, { email: remoteHost }, { ip: '127.0.0.1' }] }),
  },
  {
    id: 35,
    what: 'a thousand names, the right one last',
    verdict: 'accepted',
    show: () => leaf({ names: [...Array.from({ length: 999 }, (_, i) => `n${i}.example.com`), remoteHost] }),
    openssl: 'ok',
  },
  {
    id: 36,
    what: 'a certificate of 1 MiB',
    verdict: 'handshake',
    show: () => leaf({ extensions: [{ oid: '1.3.6.1.4.1.55555.1', value: Buffer.alloc(1024 * 1024) }] }),
  },
  {
    id: 37,
    what: 'unknown critical extension',
    verdict: 'unverified',
    show: () =>
      leaf({ extensions: [{ oid: '1.3.6.1.4.1.55555.1', critical: true, value: Buffer.of(5, 0) }] }),
    openssl: 'bad',
  },
  {
    id: 38,
    what: 'SHA-1 signature',
    verdict: 'unverified',
    show: () => leaf({ hash: 'sha1' }),
    openssl: 'bad',
  },
  {
    id: 38,
    what: 'SHA-1 signature on an intermediate',
    verdict: 'unverified',
    show: () => leaf({}, authority.createIntermediate({ hash: 'sha1' })),
    openssl: 'bad',
  },
  {
    id: 39,
    what: 'RSA of 1024 bits',
    verdict: 'unverified',
    show: () => leaf({ key: 'RSA-1024' }),
    openssl: 'bad',
  },
  {
    id: 40,
    what: 'RSA of 16384 bits',
    verdict: 'unverified',
    says: /expected 2048 to 8192/,
    show: () => leaf({ key: 'RSA-16384' }),
  },
  {
    id: 41,
    what: 'odd curve (secp256k1)',
    verdict: 'unverified',
    show: () => leaf({ key: 'curve:secp256k1' }),
  },
  {
    id: 41,
    what: 'weak curve (P-192)',
    verdict: 'unverified',
    show: () => leaf({ key: 'curve:prime192v1' }),
  },
  { id: 42, what: 'Ed25519', verdict: 'accepted', show: () => leaf({ key: 'Ed25519' }), openssl: 'ok' },
  {
    id: 43,
    what: 'broken DER inside the alternative name',
    verdict: 'unverified',
    show: () =>
      leaf({ names: [], extensions: [{ oid: '2.5.29.17', value: Buffer.of(0x30, 0x20, 0x82, 0x05, 0x61) }] }),
  },
  {
    id: 44,
    what: 'version 1',
    verdict: 'unverified',
    says: /version 1, expected 3/,
    show: () => leaf({ version: 1, commonName: remoteHost }),
  },
  { id: 45, what: 'revoked', verdict: 'unverified', says: /revoked/, show: () => revoked, door: 'revoking' },
  { id: 45, what: 'not revoked', verdict: 'accepted', show: () => leaf(), door: 'revoking' },
  {
    id: 45,
    what: 'revocation list too old',
    verdict: 'unverified',
    says: /too old/,
    show: () => leaf(),
    door: 'stale',
  },
  {
    id: 46,
    what: 'of peer X with the origin header of peer Y',
    verdict: 'misnamed',
    show: () => leaf({ names: ['wire.x.example.com'] }),
    headers: { 'wire-origin-domain': 'y.example.com' },
  },
  {
    id: 47,
    what: 'names the second of two SRV targets',
    verdict: 'accepted',
    show: () => leaf({ names: ['second.example.net'] }),
    headers: { 'wire-origin-domain': 'two.example.com' },
  },
];

const trusted = authority.certificate + expiredRoot.certificate + newRoot.certificate;

describe('R1 client certificates', () => {
  const doors = new Map<string, Door>();
  let directory = '';

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'crosswire-r1-'));
    await writeFile(join(directory, 'ca.pem'), trusted);
    doors.set('plain', await openDoor({ ca: trusted }));
    doors.set('revoking', await openDoor({ crl: authority.createCrl({ revoked: [revoked] }) }));
    const stale = { revoked: [], thisUpdate: from(-2 * day), nextUpdate: from(-day) };
    doors.set('stale', await openDoor({ crl: authority.createCrl(stale) }));
    for (const door of doors.values()) {
      door.discovery.hosts.set('two.example.com', ['first.example.net', 'second.example.net']);
    }
  });

  after(async () => {
    for (const door of doors.values()) await door[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  for (const one of cases) {
    it(`R1.${one.id} ${one.verdict}: ${one.what}`, async () => {
      const door = doors.get(one.door ?? 'plain');
      assert.ok(door !== undefined);
      const shown = one.show();
      const reached = door.components.seen.length;
      const expected = verdicts[one.verdict];
      if (expected === undefined) {
        await assert.rejects(askOnce(door, shown));
      } else {
        const first = await judge(door, shown, one.headers ?? {});
        for (const answer of first.answers) mustBe(answer, expected, one.says);
        const again = await judge(door, shown, one.headers ?? {}, first.ticket);
        assert.equal(again.resumed, first.ticket !== undefined, 'the second connection resumes the first');
        for (const answer of again.answers) mustBe(answer, expected, one.says);
      }
      const calls = door.components.seen.length - reached;
      assert.equal(calls, one.verdict === 'accepted' ? 4 : 0, 'requests that reached the component');
      if (one.openssl !== undefined && shown !== undefined) {
        assert.equal(await opensslVerdict(directory, shown.chain), one.openssl);
      }
    });
  }

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`R1.1 a resumed ${maxVersion} session without certificate stays without one`, async () => {
      const door = doors.get('plain');
      assert.ok(door !== undefined);
      const first = await judge(door, undefined, {}, undefined, maxVersion);
      const again = await judge(door, undefined, {}, first.ticket, maxVersion);
      assert.ok(again.resumed);
      for (const answer of again.answers) mustBe(answer, verdicts.unverified);
      assert.equal(door.components.seen.filter(({ rpc }) => rpc !== 'api-version').length, 0);
    });
  }
});

describe('R1.19 trustServerOnlyCertificates', () => {
  const serverOnly: LeafOptions = { purposes: ['serverAuth'] };

  it('accepts a certificate for servers only when everything else about it verifies', async () => {
    await using door = await openDoor({ trustServerOnlyCertificates: true });
    for (const shown of [leaf(serverOnly), leaf(serverOnly, intermediate)]) {
      const first = await judge(door, shown, {});
      const again = await judge(door, shown, {}, first.ticket);
      assert.ok(again.resumed);
      for (const answer of [...first.answers, ...again.answers]) mustBe(answer, verdicts.accepted);
    }
  });

  const unknown = createAuthority({ commonName: 'Unknown' });
  const bad: readonly (readonly [what: string, show: () => Shown])[] = [
    ['from an unknown authority', () => leaf(serverOnly, unknown)],
    ['with its root sent along', () => withRoot(leaf(serverOnly, unknown), unknown)],
    ['expired', () => leaf({ ...serverOnly, notBefore: from(-9 * day), notAfter: from(-day) })],
    ['with an unknown critical extension', () => leaf({ ...serverOnly, extensions: [unknownCritical] })],
    ['below an authority that is none', () => leaf(serverOnly, asIssuer({ authority: false }))],
    ['below an expired authority', () => leaf(serverOnly, expiredIntermediate())],
    ['below more authorities than allowed', () => leaf(serverOnly, tooDeep())],
    ['outside of name constraints', () => leaf(serverOnly, constrained())],
    ['for code signing', () => leaf({ purposes: ['codeSigning'] })],
    ['for no digital signatures', () => leaf({ ...serverOnly, keyUsages: ['keyEncipherment'] })],
    ['with a SHA-1 signature', () => leaf({ ...serverOnly, hash: 'sha1' })],
    [
      'that signs itself',
      () => createAuthority({ extensions: [subjectAlternativeName([{ dns: remoteHost }])] }),
    ],
  ];
  for (const [what, show] of bad) {
    it(`refuses one ${what}`, async () => {
      await using door = await openDoor({ trustServerOnlyCertificates: true });
      mustBe(await askOnce(door, show()), verdicts.unverified);
      assert.equal(door.components.seen.length, 0);
    });
  }
});

describe('R1.48 what was trusted and is no longer', () => {
  it('ends open sessions and takes no ticket of a root that was removed', async () => {
    const second = createAuthority({ commonName: 'Root to be removed' });
    await using door = await openDoor({ ca: authority.certificate + second.certificate });
    const shown = leaf({}, second);
    const socket = await connectDoor(door.ingress.port, shown);
    const ticket = once(socket, 'session');
    const session = speakHttp2(socket);
    mustBe(await ask(session), verdicts.accepted);
    const [saved] = (await ticket) as [Buffer];

    const ended = once(socket, 'close');
    await door.replace({ ca: authority.certificate });
    await ended;

    const reached = door.components.seen.length;
    const again = await judge(door, shown, {}, saved);
    assert.equal(again.resumed, false, 'the ticket from before is worth nothing');
    for (const answer of again.answers) mustBe(answer, verdicts.unverified, /not among our roots/);
    assert.equal(door.components.seen.length, reached);
    mustBe(await askOnce(door, leaf()), verdicts.accepted);
  });

  it('lets requests of a root that stays end, and asks for a new connection', async () => {
    await using door = await openDoor();
    const held = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    door.components.answer = async () => {
      entered.resolve();
      await held.promise;
      return { status: 200, contentType: 'application/json', body: Buffer.from('{}') };
    };
    const session = speakHttp2(await connectDoor(door.ingress.port, leaf()));
    const goaway = once(session, 'goaway');
    const answer = ask(session);
    await entered.promise;
    const another = createAuthority({ commonName: 'One more root' });
    await door.replace({ ca: authority.certificate + another.certificate });
    await goaway;
    held.resolve();
    mustBe(await answer, verdicts.accepted);
    await once(session, 'close');
  });

  it('refuses a peer that was removed from the policy on its open connection', async () => {
    await using door = await openDoor();
    const session = speakHttp2(await connectDoor(door.ingress.port, leaf()));
    mustBe(await ask(session), verdicts.accepted);
    door.policy.denied.add('a.example.com');
    mustBe(await ask(session), { status: 400, label: 'federation-denied' });
    assert.equal(door.components.seen.length, 1);
    session.destroy();
  });

  it('refuses a certificate that expires while its connection is open', async () => {
    let nowMs = Date.now();
    await using door = await openDoor({ nowMs: () => nowMs });
    const session = speakHttp2(await connectDoor(door.ingress.port, leaf({ notAfter: from(3600 * second) })));
    mustBe(await ask(session), verdicts.accepted);
    nowMs += 2 * 3600 * second;
    mustBe(await ask(session), verdicts.unverified, /has expired/);
    assert.equal(door.components.seen.length, 1);
    session.destroy();
  });
});

const unknownCritical = { oid: '1.3.6.1.4.1.55555.1', critical: true, value: Buffer.of(5, 0) };

function withRoot(issued: IssuedCertificate, root: Authority): Shown {
  return { chain: issued.chain + root.certificate, key: issued.key };
}

function expiredIntermediate(): Authority {
  return authority.createIntermediate({ notBefore: from(-9 * day), notAfter: from(-day) });
}

function tooDeep(): Authority {
  return authority.createIntermediate({ pathLength: 0 }).createIntermediate();
}

function constrained(): Authority {
  return authority.createIntermediate({ nameConstraints: { permitted: ['x.example.com'] } });
}

interface Judged {
  readonly answers: readonly Awaited<ReturnType<typeof ask>>[];
  readonly resumed: boolean;
  readonly ticket: Buffer | undefined;
}

/** Two requests at once on one connection, and the ticket to resume it. */
async function judge(
  door: Door,
  shown: Shown,
  headers: Readonly<Record<string, string>>,
  resume?: Buffer,
  maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3',
): Promise<Judged> {
  const socket = await connectDoor(door.ingress.port, shown, { session: resume, maxVersion });
  // A TLS 1.3 ticket comes before the first answer; Node keeps none above 10 KiB.
  let ticket = maxVersion === 'TLSv1.3' ? undefined : socket.getSession();
  socket.on('session', (fresh) => {
    ticket = fresh;
  });
  const session = speakHttp2(socket);
  try {
    const answers = await Promise.all([ask(session, headers), ask(session, headers)]);
    return { answers, resumed: socket.isSessionReused(), ticket };
  } finally {
    session.destroy();
  }
}

function mustBe(
  answer: Awaited<ReturnType<typeof ask>>,
  expected: { readonly status: number; readonly label?: string; readonly error?: string },
  says?: RegExp,
): void {
  const { label, error, code } = answer.body;
  assert.deepEqual(
    { status: answer.status, label, error },
    { label: undefined, error: undefined, ...expected },
    answer.text,
  );
  if (expected.label !== undefined) {
    assert.equal(code, expected.status);
    assert.equal(answer.contentType, 'application/json');
  }
  if (says !== undefined && expected.label !== undefined) assert.match(answer.body.message ?? '', says);
}

/** The verdict of OpenSSL's command line on a chain, with the roots that the door has. */
async function opensslVerdict(directory: string, chain: string): Promise<'ok' | 'bad'> {
  const file = join(directory, 'chain.pem');
  await writeFile(file, chain);
  const roots = ['-CAfile', join(directory, 'ca.pem'), '-no-CApath'];
  const rules = ['-purpose', 'sslclient', '-auth_level', '2'];
  return run('openssl', ['verify', ...roots, ...rules, '-untrusted', file, file]).then(
    () => 'ok',
    () => 'bad',
  );
}
