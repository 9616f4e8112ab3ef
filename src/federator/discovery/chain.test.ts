import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Answer } from 'dns-packet';
import { follow, readTtl, startChain } from './chain.ts';
import type { Message } from './message.ts';

const name = '_wire-server-federator._tcp.b.example.com';

function message(parts: Partial<Message>): Message {
  return { rcode: 0, answers: [], authorities: [], ...parts };
}

function srv(owner: string, ttl: number): Answer {
  return { type: 'SRV', class: 'IN', name: owner, ttl, data: { target: 'wire.b.example.com', port: 443 } };
}

function alias(owner: string, target: string, ttl = 60): Answer {
  return { type: 'CNAME', class: 'IN', name: owner, ttl, data: target };
}

function soa(owner: string, ttl: number, minimum: number): Answer {
  return { type: 'SOA', class: 'IN', name: owner, ttl, data: { mname: 'ns', rname: 'host', minimum } };
}

describe('the TTL of an answer', () => {
  test('is the smallest of the record set', () => {
    const step = follow(message({ answers: [srv(name, 600), srv(name, 90)] }), startChain(name), 'SRV');
    assert.equal(step.step === 'records' && step.ttlSeconds, 90);
  });

  test('is the smallest of the CNAMEs on the way when that is less', () => {
    const answers = [alias(name, 'srv.example.net', 30), srv('srv.example.net', 600)];
    const step = follow(message({ answers }), startChain(name), 'SRV');
    assert.equal(step.step === 'records' && step.ttlSeconds, 30);
  });

  test('is capped at seven days', () => {
    const step = follow(message({ answers: [srv(name, 0x7fff_ffff)] }), startChain(name), 'SRV');
    assert.equal(step.step === 'records' && step.ttlSeconds, 604_800);
  });

  test('is 0 when its top bit is set', () => {
    assert.equal(readTtl(0x8000_0000), 0);
    assert.equal(readTtl(0x7fff_ffff), 0x7fff_ffff);
  });
});

describe('the TTL of "there is none"', () => {
  const negative = (authorities: readonly Answer[], rcode = 3): number | undefined => {
    const step = follow(message({ rcode, authorities }), startChain(name), 'SRV');
    return step.step === 'absent' ? step.ttlSeconds : undefined;
  };

  test('is the smaller of the SOA record and its minimum', () => {
    assert.equal(negative([soa('example.com', 300, 60)]), 60);
    assert.equal(negative([soa('example.com', 40, 60)]), 40);
    assert.equal(negative([soa('example.com', 40, 60)], 0), 40);
  });

  test('is capped at three hours', () => {
    assert.equal(negative([soa('example.com', 86_400, 86_400)]), 10_800);
  });

  test('is 0 without an SOA, or with the SOA of a zone that the name is not in', () => {
    assert.equal(negative([]), 0);
    assert.equal(negative([soa('example.net', 300, 300)]), 0);
    assert.equal(negative([soa('le.com', 300, 300)]), 0);
  });
});

describe('following an answer', () => {
  test('ignores records of other names, types and classes', () => {
    const other: Answer = { ...srv(name, 60), class: 'CH' } as Answer;
    const step = follow(message({ answers: [srv('x.example.com', 60), other] }), startChain(name), 'SRV');
    assert.equal(step.step, 'absent');
  });

  test('compares names without case and trailing dot', () => {
    const answers = [alias(name.toUpperCase(), 'SRV.Example.net.'), srv('srv.EXAMPLE.net', 60)];
    assert.equal(follow(message({ answers }), startChain(name), 'SRV').step, 'records');
  });

  test('asks for the end of a chain that leads out of the message', () => {
    const step = follow(message({ answers: [alias(name, 'srv.example.net')] }), startChain(name), 'SRV');
    assert.deepEqual(step.step === 'ask' && step.chain.names, [name, 'srv.example.net']);
  });

  test('takes a chain whose end has an SOA and no records as absent', () => {
    const parts = { answers: [alias(name, 'srv.example.net')], authorities: [soa('example.net', 60, 60)] };
    assert.equal(follow(message(parts), startChain(name), 'SRV').step, 'absent');
  });

  test('refuses a CNAME to something that is no host name', () => {
    for (const target of ['.', 'a b.example.com', 'x.\u0000.com', `${'l'.repeat(64)}.com`])
      assert.equal(
        follow(message({ answers: [alias(name, target)] }), startChain(name), 'SRV').step,
        'broken',
      );
  });

  test('takes a referral as a failure of that server, and an empty answer as none', () => {
    const ns: Answer = { type: 'NS', class: 'IN', name: 'com', ttl: 60, data: 'ns.example.net' };
    assert.equal(follow(message({ authorities: [ns] }), startChain(name), 'SRV').step, 'failed');
    assert.equal(follow(message({}), startChain(name), 'SRV').step, 'absent');
  });

  test('takes every other response code as a failure of that server', () => {
    for (const rcode of [1, 2, 4, 5, 9, 16])
      assert.equal(
        follow(message({ rcode, answers: [srv(name, 60)] }), startChain(name), 'SRV').step,
        'failed',
      );
  });
});
