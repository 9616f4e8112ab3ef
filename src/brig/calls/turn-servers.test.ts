import assert from 'node:assert/strict';
import { test } from 'node:test';
import { legacyServers, limitServers } from './turn-servers.ts';

const udp = ['turn:192.0.2.1:3478', 'turn:turn.example.com:3478?transport=udp'];
const tcp = ['turn:192.0.2.1:3478?transport=tcp', 'turn:192.0.2.2:3478?transport=tcp'];
const tls = ['turns:turn.example.com:5349?transport=tcp'];
const odd = ['turns:turn.example.com:5349'];

test('takes one of each kind in turn: UDP, TLS, TCP', () => {
  const all = [...odd, ...tcp, ...tls, ...udp];
  const expected = [udp[0], tls[0], tcp[0], udp[1], tcp[1], odd[0]];
  for (let limit = 1; limit <= 6; limit += 1)
    assert.deepEqual(limitServers(all, limit), expected.slice(0, limit));
  assert.deepEqual(limitServers(all, 10), expected);
});

test('fills up with other kinds when one is missing', () => {
  assert.deepEqual(limitServers(tcp, 2), tcp);
  assert.deepEqual(limitServers(odd, 1), odd);
});

test('old clients get addresses over UDP, without the transport', () => {
  assert.deepEqual(legacyServers([...udp, ...tcp, ...tls, ...odd, 'turn:192.0.2.9:1?transport=udp']), [
    'turn:192.0.2.1:3478',
    'turn:192.0.2.9:1',
  ]);
});
