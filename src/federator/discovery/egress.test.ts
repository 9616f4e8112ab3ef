import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { describe, test } from 'node:test';
import { createEgressRules, type EgressOptions, ownListeners } from './egress.ts';

function isRefused(address: string, options: EgressOptions = {}, port = 443): boolean {
  const family = isIP(address) === 6 ? 6 : 4;
  return createEgressRules(options).check({ address, family }, port) !== undefined;
}

describe('egress rules', () => {
  test('let public addresses pass', () => {
    for (const address of [
      '8.8.8.8',
      '172.15.0.1',
      '172.32.0.1',
      '100.128.0.1',
      '192.167.1.1',
      '223.255.255.254',
    ])
      assert.equal(isRefused(address), false, address);
    for (const address of ['2a01:4f8::1', '2001:4860:4860::8888', '64:ff9b::808:808', '::ffff:8.8.8.8'])
      assert.equal(isRefused(address), false, address);
  });

  test('refuse both ends of each special range', () => {
    const inside = [
      ['0.0.0.0', '0.255.255.255', '10.0.0.0', '10.255.255.255', '100.64.0.0', '100.127.255.255'],
      ['127.0.0.1', '127.255.255.255', '169.254.0.1', '172.16.0.0', '172.31.255.255', '192.168.255.255'],
      ['198.18.0.1', '198.19.255.255', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255'],
      [
        '::',
        '::1',
        'fc00::1',
        'fdff::1',
        'fe80::1',
        'febf::1',
        'ff02::1',
        '2001:db8::1',
        '2002:7f00:1::',
        '::7f00:1',
      ],
    ].flat();
    for (const address of inside) assert.equal(isRefused(address), true, address);
  });

  test('see the IPv4 address inside mapped and NAT64 forms, however they are written', () => {
    const forms = [
      '::ffff:10.0.0.1',
      '::ffff:a00:1',
      '0:0:0:0:0:ffff:0a00:0001',
      '64:ff9b::a00:1',
      '64:ff9b::10.0.0.1',
    ];
    for (const address of [...forms, '64:ff9b::7f00:0', '64:ff9b::'])
      assert.equal(isRefused(address), true, address);
    for (const address of forms) assert.equal(isRefused(address, { allow: ['10.0.0.0/8'] }), false, address);
  });

  test('let pass what the operator named, and only that', () => {
    const allow = ['127.0.0.0/8', 'fd12::/16', '10.1.2.3'];
    for (const address of ['127.9.9.9', 'fd12::7', '10.1.2.3'])
      assert.equal(isRefused(address, { allow }), false, address);
    for (const address of ['::1', 'fd13::7', '10.1.2.4'])
      assert.equal(isRefused(address, { allow }), true, address);
  });

  test('refuse own listeners whatever is allowed', () => {
    const isOwnListener = ownListeners([{ host: '0.0.0.0', port: 8443 }]);
    const options = { allow: ['0.0.0.0/0', '::/0'], isOwnListener };
    assert.equal(isRefused('127.0.0.1', options, 8443), true);
    assert.equal(isRefused('::ffff:127.0.0.1', options, 8443), true);
    assert.equal(isRefused('127.0.0.1', options, 8444), false);
    assert.equal(isRefused('8.8.8.8', options, 8443), false);
  });

  test('know a listener on one address in each of its spellings', () => {
    const isOwnListener = ownListeners([{ host: '::1', port: 8443 }]);
    assert.equal(isOwnListener('0:0:0:0:0:0:0:1', 8443), true);
    assert.equal(isOwnListener('::2', 8443), false);
  });

  test('name the key of a range that cannot be read', () => {
    for (const cidr of ['localhost', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0.0/', 'fd00::/129', '', '/8'])
      assert.throws(() => createEgressRules({ allow: [cidr] }), /federation\.egress\.allow: found/, cidr);
  });
});
