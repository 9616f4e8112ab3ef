/**
 * R11: what DNS can do wrong, with real packets from a name server that lies, stalls and breaks on command. TTLs run on
 * a clock that the test moves; only the deadline of a query that is never answered is real time.
 *
 * Each case asserts the refusal and its message, and that one name never has more than one query in flight.
 */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { describe, test } from 'node:test';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { type Answer, encode, encodingLength } from 'dns-packet';
import { type BackendDomain, parseBackendDomain } from '#contract/ids.ts';
import { type DiscoveryOptions, openDiscovery } from '../../src/federator/discovery/index.ts';
import {
  a,
  aaaa,
  cname,
  type DnsServer,
  type DnsServerOptions,
  federatorSrv,
  openDnsServer,
  soa,
  srv,
  type ZoneRecord,
} from '../../src/testkit/dns/index.ts';

const remote = backendDomain('b.example.com');
const service = `_wire-server-federator._tcp.${remote}`;
const host = 'wire.b.example.com';
const goodZone: readonly ZoneRecord[] = [
  federatorSrv(remote, { target: host, port: 8443 }, 60),
  a(host, '198.51.100.7', 60),
];
const bounded = { timeout: 20_000 };

function backendDomain(text: string): BackendDomain {
  const domain = parseBackendDomain(text);
  assert.ok(domain);
  return domain;
}

/** A name server with a zone and a discovery that asks it, by a clock that stands still until the test moves it. */
async function openRig(options: {
  readonly zone?: readonly ZoneRecord[];
  readonly server?: DnsServerOptions;
  readonly discovery?: DiscoveryOptions;
}) {
  await using stack = new AsyncDisposableStack();
  const dns = stack.use(await openDnsServer({ zone: options.zone ?? goodZone, ...options.server }));
  const clock = { seconds: 0 };
  const discovery = stack.use(
    openDiscovery({
      servers: [dns.endpoint],
      timeoutMs: 10_000,
      staleSeconds: 0,
      now: () => clock.seconds * 1000,
      egress: { allow: ['198.51.100.0/24', '127.0.0.0/8', '2001:db8::/32'] },
      ...options.discovery,
    }),
  );
  const owned = stack.move();
  return { dns, clock, discovery, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function targetsOf(find: Promise<readonly { readonly host: string; readonly port: number }[]>) {
  return (await find).map((target) => `${target.host}:${target.port}`);
}

function isNotFound(found: string): object {
  return {
    status: 422,
    label: 'invalid-domain',
    message: new RegExp(`^srv record not found: ${service}: .*${found}`),
  };
}

function isDnsError(reason: string): object {
  return {
    status: 400,
    label: 'discovery-failure',
    message: new RegExp(`^DNS error: ${service}: .*${reason}`),
  };
}

/** The server got the question once per round and never twice at once: questions are counted, not timed. */
function assertNoStorm(dns: DnsServer, most: number): void {
  assert.ok(dns.count({ name: service }) <= most, `${dns.count({ name: service })} queries, at most ${most}`);
}

describe('R11 DNS says that there is no service', () => {
  test('R11 01: NXDOMAIN is a missing SRV record', bounded, async () => {
    await using rig = await openRig({ zone: [] });
    await assert.rejects(rig.discovery.find(remote), isNotFound('NXDOMAIN from 127\\.0\\.0\\.1'));
    assertNoStorm(rig.dns, 1);
  });

  test('R11 02: a domain with an A record and no SRV record is not tried on it', bounded, async () => {
    await using rig = await openRig({ zone: [a(remote, '198.51.100.7'), a(service, '198.51.100.7')] });
    await assert.rejects(rig.discovery.find(remote), isNotFound('the answer has no SRV record'));
    assert.equal(rig.dns.count({ type: 'A' }), 0);
  });

  test('R11 17: the target "." says that the service is not offered', bounded, async () => {
    await using rig = await openRig({ zone: [federatorSrv(remote, { target: '.', port: 0 }, 60)] });
    await assert.rejects(rig.discovery.find(remote), isNotFound('the only target is "\\."'));
    await assert.rejects(rig.discovery.find(remote), isNotFound('the only target is "\\."'));
    assertNoStorm(rig.dns, 1);
  });

  test('R11 13: "there is none" is remembered for the SOA, and not at all without one', bounded, async () => {
    await using rig = await openRig({ zone: [soa('example.com', 30, 300)] });
    await assert.rejects(rig.discovery.find(remote), isNotFound('NXDOMAIN'));
    rig.dns.setRecords(goodZone);
    rig.clock.seconds = 29.9;
    await assert.rejects(rig.discovery.find(remote), isNotFound('NXDOMAIN'));
    rig.clock.seconds = 30;
    assert.deepEqual(await targetsOf(rig.discovery.find(remote)), [`${host}:8443`]);

    rig.clock.seconds = 1000;
    rig.dns.script({}, 'nxdomain-without-soa', 'nodata-without-soa', 'zone');
    await assert.rejects(rig.discovery.find(remote), isNotFound('NXDOMAIN'));
    await assert.rejects(rig.discovery.find(remote), isNotFound('NODATA'));
    assert.deepEqual(await targetsOf(rig.discovery.find(remote)), [`${host}:8443`]);
  });
});

describe('R11 name servers fail', () => {
  test('R11 03: SERVFAIL is a DNS failure, asked once and not remembered', bounded, async () => {
    await using rig = await openRig({});
    rig.dns.script({}, 'servfail', 'zone');
    await assert.rejects(rig.discovery.find(remote), isDnsError('SERVFAIL'));
    assertNoStorm(rig.dns, 1);
    assert.deepEqual(await targetsOf(rig.discovery.find(remote)), [`${host}:8443`]);
  });

  test('R11 04: REFUSED is a DNS failure, asked once', bounded, async () => {
    await using rig = await openRig({});
    rig.dns.script({}, 'refused');
    await assert.rejects(rig.discovery.find(remote), isDnsError('REFUSED'));
    assertNoStorm(rig.dns, 1);
  });

  test('R11 03, 04: the next server is asked after SERVFAIL, REFUSED or a referral', bounded, async () => {
    await using good = await openDnsServer({ zone: goodZone });
    await using bad = await openDnsServer();
    for (const behaviour of ['servfail', 'refused', 'referral'] as const) {
      await using discovery = openDiscovery({ servers: [bad.endpoint, good.endpoint] });
      bad.script({}, behaviour);
      assert.deepEqual(await targetsOf(discovery.find(remote)), [`${host}:8443`], behaviour);
    }
  });

  test('R11 05: silence ends at the deadline, after two queries one after the other', bounded, async () => {
    await using rig = await openRig({ discovery: { timeoutMs: 200 } });
    rig.dns.script({}, 'drop');
    const all = Array.from({ length: 20 }, () => rig.discovery.find(remote));
    for (const each of all) await assert.rejects(each, isDnsError('timeout: 127'));
    assertNoStorm(rig.dns, 2);
  });

  test('R11 05: a lost packet is repeated within the deadline', bounded, async () => {
    await using rig = await openRig({ discovery: { timeoutMs: 1000 } });
    rig.dns.script({}, 'drop', 'zone');
    assert.deepEqual(await targetsOf(rig.discovery.find(remote)), [`${host}:8443`]);
  });

  test(
    'R11 06: silence of the first server only is not noticed, and the next look-up avoids it',
    bounded,
    async () => {
      await using silent = await openDnsServer();
      await using good = await openDnsServer({
        zone: [...goodZone, federatorSrv('c.example.com', { target: host, port: 1 })],
      });
      await using discovery = openDiscovery({ servers: [silent.endpoint, good.endpoint], timeoutMs: 2000 });
      silent.script({}, 'drop');
      assert.deepEqual(await targetsOf(discovery.find(remote)), [`${host}:8443`]);
      assert.equal(silent.count(), 1);
      assert.deepEqual(await targetsOf(discovery.find(backendDomain('c.example.com'))), [`${host}:1`]);
      assert.equal(silent.count(), 1);
    },
  );

  test('R11 05: a server that is not running is told apart from a silent one', bounded, async () => {
    const gone = await openDnsServer();
    await gone[Symbol.asyncDispose]();
    await using discovery = openDiscovery({ servers: [gone.endpoint], timeoutMs: 400 });
    await assert.rejects(discovery.find(remote), isDnsError('ECONNREFUSED'));
  });

  test('R11 07: an answer after the deadline is too late, and is not cached', bounded, async () => {
    await using rig = await openRig({ discovery: { timeoutMs: 400 } });
    const release = Promise.withResolvers<void>();
    rig.dns.script({}, { hold: release.promise });
    await assert.rejects(rig.discovery.find(remote), isDnsError('timeout'));
    release.resolve();
    rig.dns.clearScripts();
    assert.equal(rig.discovery.peek(remote), undefined);
    const asked = rig.dns.count();
    assert.deepEqual(await targetsOf(rig.discovery.find(remote)), [`${host}:8443`]);
    assert.equal(rig.dns.count(), asked + 1);
  });
});

describe('R11 packets', () => {
  test('R11 08: a truncated answer is asked for again over TCP', bounded, async () => {
    await using rig = await openRig({});
    rig.dns.script({}, 'truncate');
    assert.deepEqual(await targetsOf(rig.discovery.find(remote)), [`${host}:8443`]);
    assert.deepEqual(
      rig.dns.queries.map(({ transport }) => transport),
      ['udp', 'tcp'],
    );
  });

  test('R11 09: truncated and then refused over TCP is a DNS failure', bounded, async () => {
    await using closed = await openRig({ server: { tcp: false } });
    closed.dns.script({}, 'truncate');
    await assert.rejects(closed.discovery.find(remote), isDnsError('over TCP: .*ECONNREFUSED'));
    await using rig = await openRig({ discovery: { timeoutMs: 300 } });
    rig.dns.script({ transport: 'udp' }, 'truncate');
    for (const [behaviour, reason] of [
      ['refused', 'REFUSED'],
      ['close', 'over TCP: .*ECONNRESET'],
      ['wrong-id', 'over TCP an answer has another id'],
      ['malformed', 'malformed answer over TCP'],
      ['drop', 'timeout: .*over TCP'],
    ] as const) {
      rig.dns.script({ transport: 'tcp' }, behaviour);
      await assert.rejects(rig.discovery.find(remote), isDnsError(reason), behaviour);
    }
  });

  test('R11 28: answers for another name, type or id, and queries, do not count', bounded, async () => {
    await using rig = await openRig({ discovery: { timeoutMs: 200 } });
    for (const [behaviour, why] of [
      ['wrong-name', 'an answer is for "other-_wire'],
      ['wrong-type', 'an answer is for .* TXT'],
      ['wrong-id', 'an answer has another id'],
      ['query-bit', 'a packet is a query'],
    ] as const) {
      rig.dns.script({}, behaviour);
      await assert.rejects(rig.discovery.find(remote), isDnsError(`timeout: .*ignored.* ${why}`), behaviour);
      assert.equal(rig.discovery.peek(remote), undefined);
    }
  });

  test('R11 28: the good answer is taken after spoofed ones', bounded, async () => {
    await using rig = await openRig({});
    rig.dns.script({}, 'spoof-first');
    assert.deepEqual(await targetsOf(rig.discovery.find(remote)), [`${host}:8443`]);
    assertNoStorm(rig.dns, 1);
  });

  test('R11 28: a perfect answer from another port is not seen', bounded, async () => {
    await using rig = await openRig({});
    const release = Promise.withResolvers<void>();
    rig.dns.script({}, { hold: release.promise });
    const found = targetsOf(rig.discovery.find(remote));
    await rig.dns.arrived({}, 1);
    const [query] = rig.dns.queries;
    assert.ok(query);
    const forged = encode({
      type: 'response',
      id: query.id,
      questions: [{ name: service, type: 'SRV' }],
      answers: [srv(service, { target: 'evil.example.net', port: 1 })],
    });
    const attacker = createSocket('udp4');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const [, port] = query.from.split(':');
    attacker.send(forged, Number(port), '127.0.0.1', (failure) => (failure ? reject(failure) : resolve()));
    await promise;
    attacker.close();
    release.resolve();
    assert.deepEqual(await found, [`${host}:8443`]);
  });

  test('R11 28: somebody who guesses ids drives the question to TCP', bounded, async () => {
    await using rig = await openRig({});
    rig.dns.script({}, 'guess-ids');
    assert.deepEqual(await targetsOf(rig.discovery.find(remote)), [`${host}:8443`]);
    assert.deepEqual(
      rig.dns.queries.map(({ transport }) => transport),
      ['udp', 'tcp'],
    );
  });

  test('R11 29: a malformed packet is a DNS failure that says what is wrong', bounded, async () => {
    await using rig = await openRig({});
    rig.dns.script({}, 'malformed');
    await assert.rejects(rig.discovery.find(remote), isDnsError('malformed answer'));
    assertNoStorm(rig.dns, 2);
  });

  test('R11 29: packets of every length that are no message are survived', bounded, async () => {
    await using rig = await openRig({ discovery: { timeoutMs: 60 } });
    for (const length of [0, 1, 11, 12, 13, 40, 1200]) {
      rig.dns.script(
        {},
        {
          bytes: ({ id }) => {
            const bytes = Buffer.alloc(length, 0xc0);
            if (length >= 4) bytes.writeUInt32BE(((id << 16) | 0x8180) >>> 0);
            return bytes;
          },
        },
      );
      await assert.rejects(rig.discovery.find(remote), isDnsError(''), `${length} bytes`);
    }
  });

  test('R11 29: a server that does not know EDNS is asked without it', bounded, async () => {
    await using rig = await openRig({});
    rig.dns.script({}, 'formerr', 'zone');
    assert.deepEqual(await targetsOf(rig.discovery.find(remote)), [`${host}:8443`]);
    assert.deepEqual(
      rig.dns.queries.map(({ maxDatagram }) => maxDatagram),
      [1232, 512],
    );
  });

  test('R11 30: an answer of 64 KiB is read, and bounded', bounded, async () => {
    const records: ZoneRecord[] = [];
    const size = (): number =>
      encodingLength({ questions: [{ name: service, type: 'SRV' }], answers: records as Answer[] });
    while (size() < 65_450)
      records.push(federatorSrv(remote, { target: `t${records.length}.example.com`, port: 443 }));
    records.pop();
    assert.ok(size() > 65_300);
    await using rig = await openRig({ zone: records });
    assert.equal((await rig.discovery.find(remote)).length, 64);
    assert.equal(rig.dns.queries.at(-1)?.transport, 'tcp');
  });
});

describe('R11 TTLs', () => {
  test('R11 10: an answer with TTL 0 is used once and asked for again', bounded, async () => {
    await using rig = await openRig({ zone: [federatorSrv(remote, { target: host, port: 8443 }, 0)] });
    await rig.discovery.find(remote);
    assert.equal(rig.discovery.peek(remote), undefined);
    await rig.discovery.find(remote);
    assert.equal(rig.dns.count(), 2);
  });

  test('R11 11: an answer with TTL 1 holds for a second and not longer', bounded, async () => {
    await using rig = await openRig({ zone: [federatorSrv(remote, { target: host, port: 8443 }, 1)] });
    await rig.discovery.find(remote);
    rig.clock.seconds = 0.999;
    await rig.discovery.find(remote);
    assert.equal(rig.dns.count(), 1);
    rig.clock.seconds = 1;
    await rig.discovery.find(remote);
    assert.equal(rig.dns.count(), 2);
  });

  test('R11 12: a TTL of 2^31 and above counts as 0', bounded, async () => {
    for (const ttl of [2 ** 31, 2 ** 32 - 1]) {
      await using rig = await openRig({ zone: [federatorSrv(remote, { target: host, port: 8443 }, ttl)] });
      await rig.discovery.find(remote);
      await rig.discovery.find(remote);
      assert.equal(rig.dns.count(), 2);
    }
  });

  test('R11 31: a moved target is found when the TTL ends, and not before', bounded, async () => {
    await using rig = await openRig({});
    const before = await rig.discovery.find(remote);
    rig.dns.setRecords([federatorSrv(remote, { target: 'new.b.example.com', port: 443 }, 60)]);
    rig.clock.seconds = 59;
    assert.equal(await rig.discovery.find(remote), before);
    rig.clock.seconds = 60;
    assert.deepEqual(await targetsOf(rig.discovery.find(remote)), ['new.b.example.com:443']);
    assert.deepEqual(before[0]?.host, host);
  });

  test(
    'R11: a good answer goes on for 24 hours while DNS is down, with one query per pause',
    bounded,
    async () => {
      await using rig = await openRig({ discovery: { staleSeconds: 86_400 } });
      await rig.discovery.find(remote);
      rig.dns.script({}, 'servfail');
      for (const seconds of [60, 61, 89, 90, 60 + 86_399]) {
        rig.clock.seconds = seconds;
        assert.deepEqual(await targetsOf(rig.discovery.find(remote)), [`${host}:8443`], `${seconds} s`);
      }
      assert.equal((await rig.discovery.inspect(remote)).answer?.source, 'stale');
      assert.equal(rig.dns.count({ type: 'SRV' }), 4);
      rig.clock.seconds = 60 + 86_400;
      await assert.rejects(rig.discovery.find(remote), isDnsError('SERVFAIL'));
    },
  );

  test('R11: NXDOMAIN ends a mapping at once, although DNS was down before', bounded, async () => {
    await using rig = await openRig({ discovery: { staleSeconds: 86_400 } });
    await rig.discovery.find(remote);
    rig.dns.script({}, 'servfail');
    rig.clock.seconds = 60;
    await rig.discovery.find(remote);
    rig.dns.script({}, 'nxdomain');
    rig.clock.seconds = 90;
    await assert.rejects(rig.discovery.find(remote), isNotFound('NXDOMAIN'));
  });

  test('R11: a thousand look-ups of one name at once are one query', bounded, async () => {
    await using rig = await openRig({});
    const release = Promise.withResolvers<void>();
    rig.dns.script({}, { hold: release.promise });
    const all = Array.from({ length: 1000 }, () => rig.discovery.find(remote));
    await rig.dns.arrived({}, 1);
    release.resolve();
    await Promise.all(all);
    assert.equal(rig.dns.count(), 1);
  });
});

describe('R11 CNAMEs', () => {
  const chain = (length: number): readonly ZoneRecord[] => {
    const names = [service, ...Array.from({ length }, (_, index) => `hop${index + 1}.example.net`)];
    const aliases = names.slice(1).map((name, index) => cname(names[index] ?? '', name, 60));
    return [...aliases, srv(names.at(-1) ?? '', { target: host, port: 8443 }, 60)];
  };

  for (const followAliases of [true, false]) {
    const where = followAliases ? 'in one answer' : 'over several answers';

    test(`R11 14: a CNAME to the owner of the SRV record is followed ${where}`, bounded, async () => {
      await using rig = await openRig({ zone: chain(1), server: { followAliases } });
      assert.deepEqual(await targetsOf(rig.discovery.find(remote)), [`${host}:8443`]);
    });

    test(`R11 15: a chain of 8 is followed ${where}, one of 9 is refused`, bounded, async () => {
      await using rig = await openRig({ zone: chain(8), server: { followAliases } });
      assert.deepEqual(await targetsOf(rig.discovery.find(remote)), [`${host}:8443`]);
      rig.clock.seconds = 60;
      rig.dns.setRecords(chain(9));
      await assert.rejects(rig.discovery.find(remote), isDnsError('more than 8 CNAMEs'));
    });

    test(`R11 16: a loop ${where} is refused`, bounded, async () => {
      const zone = [
        cname(service, 'x.example.net'),
        cname('x.example.net', 'y.example.net'),
        cname('y.example.net', service),
      ];
      await using rig = await openRig({ zone, server: { followAliases } });
      await assert.rejects(rig.discovery.find(remote), isDnsError('CNAME loop'));
      assert.ok(rig.dns.count() <= 3);
    });
  }
});

describe('R11 SRV targets', () => {
  test(
    'R11 18, 26: IP literals and port 0 are skipped, and refused when nothing is left',
    bounded,
    async () => {
      const literal = federatorSrv(remote, { target: '198.51.100.7', port: 443 }, 60);
      const portless = federatorSrv(remote, { target: host, port: 0 }, 60);
      await using rig = await openRig({ zone: [literal, portless, ...goodZone] });
      assert.deepEqual(await targetsOf(rig.discovery.find(remote)), [`${host}:8443`]);
      assert.equal((await rig.discovery.inspect(remote)).answer?.skipped.length, 2);
      for (const [record, reason] of [
        [literal, '"198\\.51\\.100\\.7" port 443: an IP address, expected a host name'],
        [portless, '"wire\\.b\\.example\\.com" port 0: port 0'],
      ] as const) {
        await using bad = await openRig({ zone: [record] });
        await assert.rejects(bad.discovery.find(remote), isDnsError(`can be used: target ${reason}`));
      }
    },
  );

  test('R11 19: a target that is a CNAME is followed to its addresses', bounded, async () => {
    const zone = [
      federatorSrv(remote, { target: host, port: 1 }),
      cname(host, 'lb.example.net'),
      a('lb.example.net', '198.51.100.9'),
    ];
    await using rig = await openRig({ zone });
    const [target] = await rig.discovery.find(remote);
    assert.ok(target);
    assert.equal(target.host, host);
    assert.deepEqual(await rig.discovery.resolve(target), [{ address: '198.51.100.9', family: 4 }]);
  });

  test('R11 20: a target without address is refused as unreachable', bounded, async () => {
    await using rig = await openRig({ zone: [federatorSrv(remote, { target: host, port: 1 })] });
    const [target] = await rig.discovery.find(remote);
    assert.ok(target);
    await assert.rejects(rig.discovery.resolve(target), {
      status: 521,
      label: 'federation-connection-refused',
      message: /wire\.b\.example\.com:1 .*has no AAAA record \(NXDOMAIN.*has no A record \(NXDOMAIN/,
    });
  });

  test('R11 21: a dead first address leaves the second one to connect to', bounded, async () => {
    const listener = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const bound = listener.address();
    assert.ok(bound !== null && typeof bound === 'object');
    const zone = [
      federatorSrv(remote, { target: host, port: bound.port }),
      a(host, '127.0.0.2'),
      a(host, '127.0.0.1'),
    ];
    await using rig = await openRig({ zone });
    const [target] = await rig.discovery.find(remote);
    assert.ok(target);
    const reached: string[] = [];
    for (const { address } of await rig.discovery.resolve(target)) {
      const socket = connect(target.port, address);
      const outcome = await Promise.race([
        once(socket, 'connect').then(() => 'connected'),
        once(socket, 'close').then(() => 'refused'),
      ]).catch(() => 'refused');
      reached.push(`${address} ${outcome}`);
      socket.destroy();
    }
    listener.close();
    assert.deepEqual(reached, ['127.0.0.2 refused', '127.0.0.1 connected']);
  });

  test('R11 22: a target with AAAA only has its IPv6 addresses', bounded, async () => {
    await using rig = await openRig({ zone: [...goodZone.slice(0, 1), aaaa(host, '2001:db8::7')] });
    const [target] = await rig.discovery.find(remote);
    assert.ok(target);
    assert.deepEqual(await rig.discovery.resolve(target), [{ address: '2001:db8::7', family: 6 }]);
  });

  test('R11 23: IPv6 goes first and the families alternate; A only still works', bounded, async () => {
    await using rig = await openRig({
      zone: [...goodZone, a(host, '198.51.100.8'), aaaa(host, '2001:db8::1'), aaaa(host, '2001:db8::2')],
    });
    const [target] = await rig.discovery.find(remote);
    assert.ok(target);
    assert.deepEqual(
      (await rig.discovery.resolve(target)).map(({ address }) => address),
      ['2001:db8::1', '198.51.100.7', '2001:db8::2', '198.51.100.8'],
    );
    rig.clock.seconds = 60;
    rig.dns.setRecords(goodZone);
    assert.deepEqual(await rig.discovery.resolve(target), [{ address: '198.51.100.7', family: 4 }]);
  });

  test('R11 23: a server that never answers AAAA does not hold up the A record', bounded, async () => {
    await using rig = await openRig({ discovery: { timeoutMs: 10_000 } });
    const [target] = await rig.discovery.find(remote);
    assert.ok(target);
    rig.dns.script({ type: 'AAAA' }, 'drop');
    assert.deepEqual(await rig.discovery.resolve(target), [{ address: '198.51.100.7', family: 4 }]);
    assert.equal(rig.dns.count({ type: 'AAAA' }), 1);
  });

  test('R11 24: 10,000 draws of four targets follow priority and weight within 3 %', bounded, async () => {
    const weights = { 'w60.example.com': 60, 'w30.example.com': 30, 'w10.example.com': 10 };
    const zone = Object.entries(weights).map(([target, weight]) =>
      federatorSrv(remote, { target, port: 443, priority: 10, weight }),
    );
    await using rig = await openRig({
      zone: [
        federatorSrv(remote, { target: 'backup.example.com', port: 443, priority: 20, weight: 999 }),
        ...zone,
      ],
    });
    const targets = await rig.discovery.find(remote);
    const firsts = new Map<string, number>();
    for (let draw = 0; draw < 10_000; draw += 1) {
      const order = rig.discovery.order(targets);
      assert.equal(order.at(-1)?.host, 'backup.example.com');
      const first = order[0]?.host ?? '';
      firsts.set(first, (firsts.get(first) ?? 0) + 1);
    }
    for (const [name, weight] of Object.entries(weights))
      assert.ok(
        Math.abs((firsts.get(name) ?? 0) / 10_000 - weight / 100) < 0.03,
        `${name} ${firsts.get(name)}`,
      );
  });

  test('R11 25: of 100 targets the 64 most preferred are kept', bounded, async () => {
    const zone = Array.from({ length: 100 }, (_, index) =>
      federatorSrv(remote, { target: `t${index}.example.com`, port: 443, priority: 100 - index }),
    );
    await using rig = await openRig({ zone });
    const targets = await rig.discovery.find(remote);
    assert.equal(targets.length, 64);
    assert.equal(rig.discovery.order(targets)[0]?.host, 't99.example.com');
  });

  test(
    'R11 27: what is verified is the name that SRV gave, so a wrong target fails by its certificate',
    bounded,
    async () => {
      await using rig = await openRig({
        zone: [federatorSrv(remote, { target: 'wire.c.example.com', port: 443 })],
      });
      const [target] = await rig.discovery.find(remote);
      assert.ok(target);
      const certificateOf = (name: string) =>
        ({ subject: { CN: name }, subjectaltname: `DNS:${name}` }) as PeerCertificate;
      assert.equal(checkServerIdentity(target.host, certificateOf('wire.c.example.com')), undefined);
      assert.ok(checkServerIdentity(target.host, certificateOf(host)) instanceof Error);
      assert.ok(checkServerIdentity(target.host, certificateOf(remote)) instanceof Error);
    },
  );
});

describe('R11 the resolver itself', () => {
  test('R11: a domain too long for an SRV owner name is refused without a query', bounded, async () => {
    await using rig = await openRig({});
    const long = backendDomain(`${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.com`);
    await assert.rejects(rig.discovery.find(long), { label: 'invalid-domain' });
    assert.equal(rig.dns.count(), 0);
  });

  test('R11: closing ends what is in flight', bounded, async () => {
    await using dns = await openDnsServer({ zone: goodZone });
    dns.script({}, 'drop');
    const discovery = openDiscovery({ servers: [dns.endpoint], timeoutMs: 600_000 });
    const found = discovery.find(remote);
    await dns.arrived({}, 1);
    const refused = assert.rejects(found, isDnsError('discovery is being closed'));
    await discovery[Symbol.asyncDispose]();
    await refused;
  });

  test(
    'R11: a flood of names at once is refused beyond 512, and costs no socket there',
    bounded,
    async () => {
      await using dns = await openDnsServer();
      dns.script({}, 'drop');
      const discovery = openDiscovery({ servers: [dns.endpoint], timeoutMs: 600_000 });
      const waiting = Array.from({ length: 512 }, (_, index) =>
        discovery.find(backendDomain(`x${index}.example.com`)),
      );
      const settled = Promise.allSettled(waiting);
      await assert.rejects(discovery.find(remote), isDnsError('512 look-ups are under way already'));
      await discovery[Symbol.asyncDispose]();
      assert.ok((await settled).every(({ status }) => status === 'rejected'));
    },
  );

  test('R11: ids and ports differ from query to query', bounded, async () => {
    await using rig = await openRig({ zone: [federatorSrv(remote, { target: host, port: 1 }, 0)] });
    for (let query = 0; query < 32; query += 1) await rig.discovery.find(remote);
    assert.ok(new Set(rig.dns.queries.map(({ id }) => id)).size > 24);
    assert.ok(new Set(rig.dns.queries.map(({ from }) => from)).size > 16);
  });

  test(
    'R11: an invented flood of names neither grows the cache without bound nor asks twice',
    bounded,
    async () => {
      await using rig = await openRig({
        zone: [...goodZone, soa('example.com', 60)],
        discovery: { maxEntries: 50 },
      });
      await rig.discovery.find(remote);
      for (let index = 0; index < 200; index += 1) {
        await assert.rejects(rig.discovery.find(backendDomain(`x${index}.example.com`)), {
          label: 'invalid-domain',
        });
        assert.ok(rig.discovery.peek(remote));
      }
      assert.equal(rig.dns.count(), 201);
    },
  );
});
