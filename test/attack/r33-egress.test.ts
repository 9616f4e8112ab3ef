/**
 * R33: a remote's DNS must not send this backend into its own network. Each case publishes a hostile address in a real
 * zone and asserts the refusal that outward would answer, with the address, its range and the key that would allow it.
 *
 * What `resolve` gives out is what sessions connect to, without another look-up: the rebinding cases rest on that.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type BackendDomain, parseBackendDomain } from '#contract/ids.ts';
import { type EgressOptions, openDiscovery, ownListeners } from '../../src/federator/discovery/index.ts';
import { a, aaaa, cname, federatorSrv, openDnsServer, type ZoneRecord } from '../../src/testkit/dns/index.ts';

const remote = parseBackendDomain('b.example.com') as BackendDomain;
const host = 'wire.b.example.com';
const port = 8443;
const bounded = { timeout: 20_000 };

async function openRig(addresses: readonly ZoneRecord[], egress: EgressOptions = {}) {
  await using stack = new AsyncDisposableStack();
  const dns = stack.use(
    await openDnsServer({ zone: [federatorSrv(remote, { target: host, port }), ...addresses] }),
  );
  const discovery = stack.use(openDiscovery({ servers: [dns.endpoint], egress }));
  const owned = stack.move();
  const resolve = async (): Promise<readonly string[]> => {
    const [target] = await discovery.find(remote);
    assert.ok(target);
    return (await discovery.resolve(target)).map(({ address }) => address);
  };
  return { dns, discovery, resolve, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The refusal names the target, the address, its range, and the key by which an operator may allow it. */
function refusalOf(address: string, range: string): object {
  const text = [`${host}:${port}`, address, range, 'federation.egress.allow'].map((part) =>
    RegExp.escape(part),
  );
  return { status: 521, label: 'federation-connection-refused', message: new RegExp(text.join('.*')) };
}

const hostile: readonly (readonly [what: string, record: ZoneRecord, range: string])[] = [
  ['loopback', a(host, '127.0.0.1'), '127.0.0.0/8 (loopback)'],
  ['another loopback address', a(host, '127.8.9.10'), '127.0.0.0/8 (loopback)'],
  ['IPv6 loopback', aaaa(host, '::1'), '::1/128 (loopback)'],
  ['the unspecified address', a(host, '0.0.0.0'), '0.0.0.0/8 (unspecified'],
  ['a link-local address', a(host, '169.254.7.7'), '169.254.0.0/16 (link-local)'],
  ['an IPv6 link-local address', aaaa(host, 'fe80::7'), 'fe80::/10 (link-local)'],
  ['a private address', a(host, '10.1.2.3'), '10.0.0.0/8 (private)'],
  ['a private address of 172.16/12', a(host, '172.20.0.1'), '172.16.0.0/12 (private)'],
  ['a private address of 192.168/16', a(host, '192.168.1.1'), '192.168.0.0/16 (private)'],
  ['carrier-grade NAT', a(host, '100.64.0.1'), '100.64.0.0/10 (carrier-grade NAT)'],
  ['a unique local address', aaaa(host, 'fd12:3456::1'), 'fc00::/7 (unique local)'],
  ['the metadata address', a(host, '169.254.169.254'), '169.254.169.254/32 (cloud metadata)'],
  ['the IPv6 metadata address', aaaa(host, 'fd00:ec2::254'), 'fd00:ec2::254/128 (cloud metadata)'],
  ['multicast', a(host, '224.0.0.251'), '224.0.0.0/4 (multicast)'],
  ['broadcast', a(host, '255.255.255.255'), '255.255.255.255/32 (broadcast)'],
  ['loopback as an IPv4-mapped address', aaaa(host, '::ffff:7f00:1'), '127.0.0.0/8 (loopback)'],
  ['a private address behind NAT64', aaaa(host, '64:ff9b::a01:203'), '10.0.0.0/8 (private)'],
  ['the metadata address behind NAT64', aaaa(host, '64:ff9b::a9fe:a9fe'), '(cloud metadata)'],
];

describe('R33 a target that leads inside', () => {
  for (const [what, record, range] of hostile) {
    test(`R33 refuses ${what}`, bounded, async () => {
      await using rig = await openRig([record]);
      const shown = String(record.data).split(':').at(0) ?? '';
      await assert.rejects(rig.resolve(), refusalOf(shown, range));
    });
  }

  test('R33 refuses a CNAME to a name inside', bounded, async () => {
    await using rig = await openRig([
      cname(host, 'db.internal.example'),
      a('db.internal.example', '10.0.0.5'),
    ]);
    await assert.rejects(rig.resolve(), refusalOf('10.0.0.5', '10.0.0.0/8 (private)'));
  });

  test('R33 refuses an IP literal as target before any address is looked up', bounded, async () => {
    await using rig = await openRig([]);
    rig.dns.setRecords([federatorSrv(remote, { target: '169.254.169.254', port: 80 })]);
    await assert.rejects(rig.discovery.find(remote), {
      label: 'discovery-failure',
      message: /an IP address/,
    });
  });

  test('R33 drops the addresses inside and keeps the public ones', bounded, async () => {
    await using rig = await openRig([a(host, '10.0.0.1'), a(host, '8.8.8.8'), aaaa(host, '::1')]);
    assert.deepEqual(await rig.resolve(), ['8.8.8.8']);
  });
});

describe('R33 what the operator allowed', () => {
  test('R33 lets a named range pass and no other', bounded, async () => {
    await using rig = await openRig([a(host, '10.0.0.1'), a(host, '192.168.0.1')], { allow: ['10.0.0.0/8'] });
    assert.deepEqual(await rig.resolve(), ['10.0.0.1']);
  });

  test('R33 refuses own ports although their range is allowed', bounded, async () => {
    const isOwnListener = ownListeners([{ host: '0.0.0.0', port }]);
    for (const record of [
      a(host, '127.0.0.1'),
      a(host, '0.0.0.0'),
      aaaa(host, '::ffff:7f00:1'),
      aaaa(host, '::1'),
    ]) {
      await using rig = await openRig([record], { allow: ['0.0.0.0/0', '::/0'], isOwnListener });
      await assert.rejects(rig.resolve(), {
        label: 'federation-connection-refused',
        message: /is a listener of this backend itself/,
      });
    }
  });

  test('R33 lets another port of the same address pass', bounded, async () => {
    const isOwnListener = ownListeners([{ host: '127.0.0.1', port: port + 1 }]);
    await using rig = await openRig([a(host, '127.0.0.1')], { allow: ['127.0.0.0/8'], isOwnListener });
    assert.deepEqual(await rig.resolve(), ['127.0.0.1']);
  });
});

describe('R33 rebinding', () => {
  test('R33 judges each answer: a name that turns inside is refused', bounded, async () => {
    await using rig = await openRig([a(host, '8.8.8.8', 0)]);
    assert.deepEqual(await rig.resolve(), ['8.8.8.8']);
    rig.dns.setRecords([federatorSrv(remote, { target: host, port }), a(host, '127.0.0.1', 0)]);
    await assert.rejects(rig.resolve(), refusalOf('127.0.0.1', '127.0.0.0/8 (loopback)'));
  });

  test(
    'R33 gives out addresses, so that nothing is resolved again between check and connection',
    bounded,
    async () => {
      await using rig = await openRig([a(host, '8.8.8.8', 0)]);
      const [target] = await rig.discovery.find(remote);
      assert.ok(target);
      const [address] = await rig.discovery.resolve(target);
      assert.deepEqual(address, { address: '8.8.8.8', family: 4 });
      assert.ok(Object.isFrozen(address));
      assert.equal(rig.dns.count({ name: host, type: 'A' }), 1);
    },
  );

  test('R33 does not believe addresses that come along with the SRV answer', bounded, async () => {
    await using rig = await openRig([a(host, '8.8.8.8')]);
    await rig.discovery.find(remote);
    assert.equal(rig.dns.count({ type: 'A' }), 0);
    assert.deepEqual(await rig.resolve(), ['8.8.8.8']);
    assert.equal(rig.dns.count({ type: 'A' }), 1);
  });
});
