import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants } from 'node:http2';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { until } from '#testkit';
import { echo, openOutwardRig, send, sendWhole } from '../federation/outward-calls.ts';
import {
  ask,
  openRig,
  openTlsRemote,
  refusalOf,
  remote,
  remoteHost,
  target,
} from '../federation/outward-rig.ts';

test('GOAWAY makes new calls use a new session while the streams of the old one end', async () => {
  await using rig = openOutwardRig();
  const held: (() => void)[] = [];
  await using peer = await openTlsRemote({
    authority: rig.authority,
    handler: (stream, headers) => held.push(() => echo(stream, headers)),
  });
  rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
  const first = send(rig, 'first');
  await until('the first call to arrive', () => held.length === 1);
  for (const session of peer.sessions) session.goaway(constants.NGHTTP2_NO_ERROR);
  await until('the session to drain', () => rig.pool.status(remote)[0]?.sessions[0]?.state === 'draining');
  peer.handler = echo;
  assert.equal((await send(rig, 'second')).status, 200);
  assert.equal(peer.opened.count, 2);
  held[0]?.();
  assert.equal((await first).status, 200);
});

test('a call above the last stream of a GOAWAY is sent again on a new session', async () => {
  await using rig = openOutwardRig();
  await using peer = await openTlsRemote({ authority: rig.authority });
  rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
  assert.equal((await send(rig, 'warm-up')).status, 200);
  let times = 0;
  peer.handler = (stream, headers) => {
    times += 1;
    if (times > 1) echo(stream, headers);
    // Names stream 1, the warm-up, as the last that was looked at.
    else stream.session?.goaway(constants.NGHTTP2_NO_ERROR, 1);
  };
  const answer = await send(rig, 'again', '{"some":"body"}');
  assert.equal(answer.status, 200);
  assert.equal(times, 2);
  assert.equal(peer.opened.count, 2);
});

test('a stream that the remote refuses unprocessed is sent once more, and not for ever', async () => {
  await using rig = openOutwardRig();
  let times = 0;
  await using peer = await openTlsRemote({
    authority: rig.authority,
    handler: (stream) => {
      times += 1;
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
    },
  });
  rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
  const answer = await sendWhole(rig, 'refused');
  assert.equal(answer.status, 533);
  assert.equal(answer.body.label, 'federation-http2-error');
  assert.equal(times, 2);
});

test('a call that the remote may have processed is never sent again', async () => {
  await using rig = openOutwardRig();
  let times = 0;
  await using peer = await openTlsRemote({
    authority: rig.authority,
    handler: (stream) => {
      times += 1;
      stream.session?.destroy();
    },
  });
  rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
  const answer = await sendWhole(rig, 'lost');
  assert.equal(answer.status, 521);
  assert.equal(answer.body.label, 'federation-connection-refused');
  assert.match(answer.body.message, /wire\.b\.example\.com was lost before it answered/);
  assert.equal(times, 1);
});

test('a remote that freezes is noticed by its missing ping, and its calls fail', async () => {
  await using rig = openOutwardRig({ busyPingIntervalMs: 50, pingTimeoutMs: 50 });
  await using peer = await openTlsRemote({ authority: rig.authority, handler: () => undefined });
  await using frozen = await openFreezingProxy(peer.port);
  rig.discovery.targets.set(remote, [target(remoteHost, frozen.port)]);
  const call = sendWhole(rig, 'frozen');
  await until('the call to arrive', () => peer.requests.length === 1);
  frozen.freeze();
  const answer = await call;
  assert.equal(answer.status, 521);
  assert.match(answer.body.message, /did not answer a ping within 50 ms/);
});

test('a remote that answers its pings is not cut off, however long its answer takes', async () => {
  await using rig = openOutwardRig({ busyPingIntervalMs: 20, pingTimeoutMs: 5_000 });
  let pings = 0;
  await using peer = await openTlsRemote({
    authority: rig.authority,
    handler: (stream, headers) => {
      const { session } = stream;
      session?.on('ping', () => {
        pings += 1;
        if (pings === 2) echo(stream, headers);
      });
    },
  });
  rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
  assert.equal((await send(rig, 'slow')).status, 200);
});

test('a remote that accepts and closes is reported as refused', async () => {
  await using rig = openRig();
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  rig.discovery.targets.set(remote, [target(remoteHost, portOf(server))]);
  const refusal = await refusalOf(rig.pool);
  assert.equal(refusal.label, 'federation-connection-refused');
  server.close();
});

test('a remote that never shakes hands is given up in time, and connecting goes on behind', async () => {
  await using rig = openRig({ answerWithinMs: 100, connectTimeoutMs: 60_000 });
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  rig.discovery.targets.set(remote, [target(remoteHost, portOf(server))]);
  const refusal = await refusalOf(rig.pool);
  assert.equal(refusal.label, 'federation-connection-refused');
  assert.match(refusal.message, /within 100 ms; still trying/);
  assert.equal(rig.pool.status(remote)[0]?.connecting, true);
  // While that attempt is under way nobody waits for it again.
  assert.match((await refusalOf(rig.pool)).message, /still trying/);
  assert.equal(sockets.length, 1);
  for (const socket of sockets) socket.destroy();
  server.close();
});

test('a removed CA ends every session and attempt at once, streams included', async () => {
  await using rig = openOutwardRig();
  await using peer = await openTlsRemote({ authority: rig.authority, handler: () => undefined });
  rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
  const call = sendWhole(rig, 'cut');
  await until('the call to arrive', () => peer.requests.length === 1);
  rig.certificates.reload({ ca: rig.certificates.current.certificate }, true);
  const answer = await call;
  assert.equal(answer.status, 521);
  assert.match(answer.body.message, /CA is no longer trusted/);
  const after = await refusalOf(rig.pool);
  assert.equal(after.label, 'federation-tls-error');
});

test('disposing refuses who waits and leaves no session behind', async () => {
  const rig = openRig({ maxStreamsPerSession: 1, maxSessionsPerRemote: 1 });
  await using peer = await openTlsRemote({ authority: rig.authority });
  rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
  await rig.pool.acquire(remote);
  const waiting = refusalOf(rig.pool);
  await until('the call to wait', () => rig.pool.status(remote)[0]?.waiting === 1);
  await rig[Symbol.asyncDispose]();
  assert.match((await waiting).message, /stopping/);
  await until('the session to end', () => peer.sessions.size === 0);
  assert.match(String(await ask(rig.pool)), /stopping/);
});

function portOf(server: ReturnType<typeof createServer>): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Passes bytes to a port until told to stop passing any, without closing a socket. */
async function openFreezingProxy(port: number) {
  const { connect } = await import('node:net');
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    near.pipe(far);
    far.pipe(near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server),
    freeze() {
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
      }
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
