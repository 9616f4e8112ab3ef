import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from 'dns-packet';
import type { BackendDomain } from '#contract/ids.ts';
import { readServiceRecords, serviceName } from './service-records.ts';

function srv(target: string, port = 443, priority = 0): Answer {
  return { type: 'SRV', name: 'x', ttl: 60, class: 'IN', data: { target, port, priority, weight: 5 } };
}

test('asks for the specification owner name', () => {
  const name = serviceName('b.example.com' as BackendDomain);
  assert.equal(name, '_wire-server-federator._tcp.b.example.com');
});

test('takes host names, in lower case and without trailing dot', () => {
  const { targets, skipped } = readServiceRecords([srv('Wire.B.Example.com.', 8443, 7)]);
  assert.deepEqual(targets, [{ host: 'wire.b.example.com', port: 8443, priority: 7, weight: 5 }]);
  assert.deepEqual(skipped, []);
});

test('takes an A-label as it stands', () => {
  assert.equal(readServiceRecords([srv('xn--bcher-kva.example')]).targets[0]?.host, 'xn--bcher-kva.example');
});

test('knows a service that is decidedly not offered', () => {
  assert.equal(readServiceRecords([srv('.', 0)]).isNotOffered, true);
  assert.equal(readServiceRecords([srv('.'), srv('wire.b.example.com')]).isNotOffered, false);
});

test('skips what cannot be connected to, each with its reason, and keeps the rest', () => {
  const hostile = [
    '.',
    '127.0.0.1',
    '::1',
    'localhost',
    'a b.example.com',
    '-x.example.com',
    'bücher.example',
  ];
  const records = [...hostile.map((name) => srv(name)), srv('zero.example.com', 0), srv('good.example.com')];
  const { targets, skipped } = readServiceRecords(records);
  assert.deepEqual(
    targets.map(({ host }) => host),
    ['good.example.com'],
  );
  assert.equal(skipped.length, 8);
  assert.match(skipped.join('\n'), /"127\.0\.0\.1" port 443: an IP address, expected a host name/);
  assert.match(skipped.join('\n'), /"zero\.example\.com" port 0: port 0/);
});

test('keeps the 64 targets of the lowest priorities', () => {
  const records = Array.from({ length: 100 }, (_, index) => srv(`t${index}.example.com`, 443, 100 - index));
  const { targets, skipped } = readServiceRecords(records);
  assert.equal(targets.length, 64);
  assert.equal(Math.max(...targets.map(({ priority }) => priority)), 64);
  assert.deepEqual(skipped, ['36 targets beyond the first 64 by priority']);
});
