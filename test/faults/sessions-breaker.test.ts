import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ask,
  openRig,
  openTlsRemote,
  refusalOf,
  remote,
  remoteHost,
  target,
} from '../federation/outward-rig.ts';

/** Walks the breaker with a clock of the test's own and a remote that comes and goes on one port. */
function clockedRig() {
  const clock = { now: Date.now() };
  return { clock, rig: openRig({}, { now: () => clock.now }) };
}

test('while the breaker is open calls fail at once with the last failure, and the remote is left alone', async () => {
  const made = clockedRig();
  await using rig = made.rig;
  const port = await portOfStoppedRemote(rig);
  rig.discovery.targets.set(remote, [target(remoteHost, port)]);
  const first = await refusalOf(rig.pool);
  assert.equal(first.label, 'federation-connection-refused');
  const tried = rig.discovery.resolved;
  const second = await refusalOf(rig.pool);
  assert.equal(second.label, 'federation-connection-refused');
  assert.match(second.message, /ECONNREFUSED.*not tried again for another \d+ ms/);
  assert.equal(rig.discovery.resolved, tried);
  const [status] = rig.pool.status(remote);
  assert.equal(status?.breaker, 'open');
  assert.equal(status?.lastFailure?.label, 'federation-connection-refused');
  assert.ok(Date.parse(status?.nextAttemptAt ?? '') > made.clock.now);
});

test('a remote that is back is talked to once the breaker has waited, three seconds at the most', async () => {
  const made = clockedRig();
  await using rig = made.rig;
  const port = await portOfStoppedRemote(rig);
  rig.discovery.targets.set(remote, [target(remoteHost, port)]);
  for (let round = 0; round < 8; round += 1) {
    await refusalOf(rig.pool);
    made.clock.now += 3_000;
  }
  await using back = await openTlsRemote({ authority: rig.authority, port });
  assert.equal(await ask(rig.pool), 200);
  assert.equal(back.opened.count, 1);
  assert.equal(rig.pool.status(remote)[0]?.breaker, 'closed');
});

test('a request from the remote closes the breaker at once', async () => {
  const made = clockedRig();
  await using rig = made.rig;
  const port = await portOfStoppedRemote(rig);
  rig.discovery.targets.set(remote, [target(remoteHost, port)]);
  await refusalOf(rig.pool);
  await using back = await openTlsRemote({ authority: rig.authority, port });
  assert.equal((await refusalOf(rig.pool)).label, 'federation-connection-refused');
  rig.pool.contact(remote);
  assert.equal(await ask(rig.pool), 200);
  assert.equal(back.opened.count, 1);
});

test('the half-open breaker lets one attempt through for all calls that come meanwhile', async () => {
  const made = clockedRig();
  await using rig = made.rig;
  const port = await portOfStoppedRemote(rig);
  rig.discovery.targets.set(remote, [target(remoteHost, port)]);
  await refusalOf(rig.pool);
  made.clock.now += 3_000;
  const tried = rig.discovery.resolved;
  const outcomes = await Promise.all([1, 2, 3, 4].map(() => refusalOf(rig.pool)));
  assert.deepEqual(new Set(outcomes.map(({ label }) => label)), new Set(['federation-connection-refused']));
  assert.equal(rig.discovery.resolved, tried + 1);
});

test('the breaker repeats the label of what failed: TLS stays a TLS error', async () => {
  const made = clockedRig();
  await using rig = made.rig;
  const certificate = rig.authority.issue({ names: ['someone-else.example.com'] });
  await using peer = await openTlsRemote({ authority: rig.authority, certificate });
  rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
  const first = await refusalOf(rig.pool);
  const second = await refusalOf(rig.pool);
  assert.deepEqual([first.status, second.status], [525, 525]);
  assert.match(second.message, /someone-else\.example\.com.*not tried again/);
});

test('new certificate files close the breaker: the failure may have been ours', async () => {
  const made = clockedRig();
  await using rig = made.rig;
  await using peer = await openTlsRemote({ authority: rig.authority });
  rig.discovery.targets.set(remote, [target(remoteHost, peer.port)]);
  const good = rig.certificates.current;
  rig.certificates.reload({ ca: good.certificate });
  assert.equal((await refusalOf(rig.pool)).status, 525);
  rig.certificates.reload({ ca: good.ca });
  assert.equal(await ask(rig.pool), 200);
});

async function portOfStoppedRemote(rig: ReturnType<typeof openRig>): Promise<number> {
  const stopped = await openTlsRemote({ authority: rig.authority });
  const { port } = stopped;
  await stopped[Symbol.asyncDispose]();
  return port;
}
