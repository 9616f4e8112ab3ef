import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConfig } from './config.ts';
import { allowedEgress } from './egress-ranges.ts';

function ranges(extra: string): readonly string[] {
  const names = 'domain: a.example.com\ninfrastructureDomain: wire.a.example.com\n';
  return allowedEgress(parseConfig('x.yaml', names + extra, { directory: '/', environment: {} }));
}

describe('private ranges that remotes may live in', () => {
  it('are none for a backend that listens for remotes everywhere', () => {
    assert.deepEqual(ranges('listen: { ingress: { host: 0.0.0.0 } }\n'), []);
  });

  it('are none for a backend without an ingress of its own', () => {
    assert.deepEqual(ranges(''), []);
  });

  it('include loopback when remotes are listened for on loopback', () => {
    assert.deepEqual(ranges('listen: { ingress: { host: 127.0.0.1 } }\n'), ['127.0.0.0/8']);
    assert.deepEqual(ranges('listen: { ingress: { host: localhost } }\n'), ['127.0.0.0/8']);
    assert.deepEqual(ranges('listen: { ingress: { host: "::1" } }\n'), ['::1/128']);
  });

  it('include the private range of the ingress, and what the configuration names', () => {
    const extra =
      'listen: { ingress: { host: 10.1.2.3 } }\nfederation: { egress: { allow: [192.168.7.0/24] } }\n';
    assert.deepEqual(ranges(extra), ['192.168.7.0/24', '10.0.0.0/8']);
  });
});
