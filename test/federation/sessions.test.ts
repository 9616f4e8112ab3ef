import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { until } from '#testkit';
import { ask, openRig, openTlsRemote, refusalOf, remote, remoteHost, target } from './outward-rig.ts';

test('many calls share one session, and calls that come while it is opened wait for the same one', async () => {
  await using rig = openRig();
  await using peer = await openTlsRemote({ authority: rig.authority });
  rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(rig.pool)));
  assert.deepEqual(new Set(answers), new Set([200]));
  assert.equal(peer.opened.count, 1);
  const [status] = rig.pool.status(remote);
  assert.equal(status?.sessions[0]?.state, 'idle');
  assert.equal(status?.breaker, 'closed');
});

test('the TLS server name and :authority are the SRV target, not the backend domain', async () => {
  await using rig = openRig();
  let serverName: unknown;
  await using peer = await openTlsRemote({
    authority: rig.authority,
    SNICallback: (name, done) => {
      serverName = name;
      done(null);
    },
  });
  rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
  assert.equal(await ask(rig.pool), 200);
  assert.equal(serverName, remoteHost);
});

test('a session that was closed is followed by one that resumes its TLS session', async () => {
  await using rig = openRig();
  await using peer = await openTlsRemote({ authority: rig.authority });
  rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
  assert.equal(await ask(rig.pool), 200);
  for (const session of peer.sessions) session.close();
  await until('the session to be gone', () => rig.pool.status(remote)[0]?.sessions.length === 0);
  assert.equal(await ask(rig.pool), 200);
  assert.deepEqual(peer.opened, { count: 2, resumed: 1 });
});

test('a second session is opened only when the streams of the first are taken', async () => {
  await using rig = openRig({ maxStreamsPerSession: 2, maxSessionsPerRemote: 2 });
  await using peer = await openTlsRemote({ authority: rig.authority });
  rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
  const held = [await rig.pool.acquire(remote), await rig.pool.acquire(remote)];
  assert.equal(peer.opened.count, 1);
  held.push(await rig.pool.acquire(remote));
  assert.equal(peer.opened.count, 2);
  for (const session of held) if (session !== 'lost') session.release();
});

test('calls beyond the streams wait in line, and beyond the line are refused as overload', async () => {
  await using rig = openRig({ maxStreamsPerSession: 1, maxSessionsPerRemote: 1, maxWaiting: 2 });
  await using peer = await openTlsRemote({ authority: rig.authority });
  rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
  const first = await rig.pool.acquire(remote);
  assert.notEqual(first, 'lost');
  const waiting = [ask(rig.pool), ask(rig.pool)];
  await until('both to wait', () => rig.pool.status(remote)[0]?.waiting === 2);
  const refusal = await refusalOf(rig.pool);
  assert.equal(refusal.label, 'federation-overloaded');
  assert.equal(refusal.status, 503);
  assert.match(refusal.message, /b\.example\.com.*2 calls wait/);
  if (first !== 'lost') first.release();
  assert.deepEqual(await Promise.all(waiting), [200, 200]);
});

test('a call that waits too long for a stream is refused as overload', async () => {
  await using rig = openRig({ maxStreamsPerSession: 1, maxSessionsPerRemote: 1, waitTimeoutMs: 100 });
  await using peer = await openTlsRemote({ authority: rig.authority });
  rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
  const first = await rig.pool.acquire(remote);
  const refusal = await refusalOf(rig.pool);
  assert.equal(refusal.label, 'federation-overloaded');
  assert.match(refusal.message, /became free within 100 ms/);
  if (first !== 'lost') first.release();
});

test('the stream limit that the remote announces is kept', async () => {
  await using rig = openRig({ maxSessionsPerRemote: 1 });
  await using peer = await openTlsRemote({
    authority: rig.authority,
    settings: { maxConcurrentStreams: 3 },
  });
  rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
  const held = await Promise.all([1, 2, 3].map(() => rig.pool.acquire(remote)));
  const fourth = rig.pool.acquire(remote);
  await until('the fourth to wait', () => rig.pool.status(remote)[0]?.waiting === 1);
  for (const session of held) if (session !== 'lost') session.release();
  const session = await fourth;
  if (session !== 'lost') session.release();
});

test('a target that refuses is passed over for the next by priority', async () => {
  await using rig = openRig();
  await using peer = await openTlsRemote({ authority: rig.authority });
  const dead = await closedPort();
  rig.discovery.targets.set(remote, [
    target(remoteHost, peer.port, 2),
    target('wire0.b.example.com', dead, 1),
  ]);
  assert.equal(await ask(rig.pool), 200);
});

test('a target whose first address never answers is reached at its second', async () => {
  await using rig = openRig({ staggerMs: 50 });
  await using peer = await openTlsRemote({ authority: rig.authority, host: '127.0.0.2' });
  const silent = createServer(() => undefined).listen(peer.port, '127.0.0.1');
  await once(silent, 'listening');
  rig.discovery.addresses.set(remoteHost, ['127.0.0.1', '127.0.0.2']);
  rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
  assert.equal(await ask(rig.pool), 200);
  assert.match(rig.pool.status(remote)[0]?.sessions[0]?.endpoint ?? '', /127\.0\.0\.2/);
  silent.close();
});

test('when every target fails the refusal names each with its reason', async () => {
  await using rig = openRig();
  const [one, two] = [await closedPort(), await closedPort()];
  rig.discovery.targets.set(remote, [target('w1.b.example.com', one, 1), target('w2.b.example.com', two, 2)]);
  const refusal = await refusalOf(rig.pool);
  assert.equal(refusal.label, 'federation-connection-refused');
  assert.equal(refusal.status, 521);
  assert.match(refusal.message, new RegExp(`w1.b.example.com at 127.0.0.1:${one}: .*ECONNREFUSED`));
  assert.match(refusal.message, new RegExp(`w2.b.example.com at 127.0.0.1:${two}: .*ECONNREFUSED`));
});

test('a target that discovery names no longer gets no new stream, and its session drains', async () => {
  await using rig = openRig();
  await using old = await openTlsRemote({ authority: rig.authority });
  await using fresh = await openTlsRemote({ authority: rig.authority });
  rig.discovery.targets.set(remote, [target(remoteHost, old.port)]);
  const held = await rig.pool.acquire(remote);
  rig.discovery.targets.set(remote, [target(remoteHost, fresh.port)]);
  assert.equal(await ask(rig.pool), 200);
  assert.equal(fresh.opened.count, 1);
  const states = rig.pool.status(remote)[0]?.sessions.map(({ state }) => state);
  assert.deepEqual(states, ['draining', 'idle']);
  if (held !== 'lost') held.release();
  await until('the old session to end', () => old.sessions.size === 0);
});

test('new certificate files make new sessions while old ones finish their streams', async () => {
  await using rig = openRig();
  await using peer = await openTlsRemote({ authority: rig.authority });
  rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
  const held = await rig.pool.acquire(remote);
  const renewed = rig.authority.issue({ names: ['wire.a.example.com'] });
  rig.certificates.reload({ certificate: renewed.chain, key: renewed.key });
  assert.equal(await ask(rig.pool), 200);
  assert.deepEqual(peer.opened, { count: 2, resumed: 0 });
  assert.equal(peer.sessions.size, 2);
  if (held !== 'lost') held.release();
  await until('the old session to end', () => peer.sessions.size === 1);
});

test('an idle session is closed after its time', async () => {
  await using rig = openRig({ idleMs: 50 });
  await using peer = await openTlsRemote({ authority: rig.authority });
  rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
  assert.equal(await ask(rig.pool), 200);
  await until('the session to be closed', () => peer.sessions.size === 0);
});

test('a number learnt under sessions that are gone is answered as lost, and nothing is sent', async () => {
  await using rig = openRig();
  await using peer = await openTlsRemote({ authority: rig.authority });
  rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
  const first = await rig.pool.acquire(remote);
  assert.ok(first !== 'lost');
  const { number } = first;
  first.release();
  const again = await rig.pool.acquire(remote, number);
  assert.ok(again !== 'lost');
  again.release();
  for (const session of peer.sessions) session.destroy();
  await until('the session to be gone', () => rig.pool.status(remote)[0]?.sessions.length === 0);
  assert.equal(await rig.pool.acquire(remote, number), 'lost');
  assert.equal(await ask(rig.pool), 200);
  assert.equal(await rig.pool.acquire(remote, number), 'lost');
});

test('single use makes a connection for each call', async () => {
  await using rig = openRig({ singleUse: true });
  await using peer = await openTlsRemote({ authority: rig.authority });
  rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
  assert.deepEqual(await Promise.all([ask(rig.pool), ask(rig.pool), ask(rig.pool)]), [200, 200, 200]);
  assert.equal(peer.opened.count, 3);
  await until('all to be closed', () => peer.sessions.size === 0);
});

/** A port that was free a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
