import assert from 'node:assert/strict';
import { it } from 'node:test';
import { crosswireArgv, openNetwork, openProcess } from '#testkit';

/** What operators are told of queues, by the command and on the operations listener of a whole backend. */

it('tells, retries and drops the queues of a running backend', async () => {
  await using network = await openNetwork({ backends: 2 });
  const [a, b] = [network.backend(0), network.backend(1)];
  const crosswire = async (...args: readonly string[]) => {
    await using ran = openProcess(crosswireArgv('federation', ...args, '--config', a.config));
    const { code } = await ran.ended;
    assert.equal(code, 0, ran.stderr());
    return ran.stdout();
  };
  assert.match(await crosswire('status'), /nothing waits for a remote/);
  assert.deepEqual(JSON.parse(await crosswire('status', '--json')).queues, []);
  assert.match(await crosswire('retry', b.domain), /b\.example\.com is tried now, and 0 notifications/);
  assert.deepEqual(JSON.parse(await crosswire('drop', b.domain, '--what', 'all', '--json')), {
    domain: b.domain,
    dead_letters: 0,
    notifications: 0,
  });

  const refused = await fetch(`${a.internalApi}/i/federation/queues/${b.domain}?what=everything`, {
    method: 'DELETE',
  });
  assert.equal(refused.status, 400);
  const metrics = await (await fetch(`${a.internalApi}/i/metrics`)).text();
  for (const name of [
    'wire_backend_notifications_pushed',
    'wire_backend_notifications_errors',
    'wire_backend_notifications_stuck_queues',
    'crosswire_outbox_depth',
    'crosswire_outbox_oldest_seconds',
  ])
    assert.ok(metrics.includes(name), name);
});

it('shows the queues without federation too, and says that it is off', async () => {
  await using network = await openNetwork({ backends: 1, set: { 'federation.enabled': false } });
  const a = network.backend(0);
  const queues = await fetch(`${a.internalApi}/i/federation/queues`);
  assert.deepEqual([queues.status, await queues.json()], [200, { queues: [] }]);
  const retried = await fetch(`${a.internalApi}/i/federation/queues/b.example.com/retry`, { method: 'POST' });
  assert.equal(retried.status, 400);
  assert.equal(((await retried.json()) as { label: string }).label, 'federation-not-enabled');
  await using ran = openProcess(crosswireArgv('federation', 'status', '--config', a.config));
  assert.equal((await ran.ended).code, 0, ran.stderr());
  assert.equal(
    ran.stdout(),
    'federation is off (federation.enabled); no remote is called\nnothing waits for a remote\n',
  );
});

it('says in its answer to api-version that it takes bundles', async () => {
  await using network = await openNetwork({ backends: 2 });
  const [a, b] = [network.backend(0), network.backend(1)];
  const answer = await fetch(`${a.outward}/rpc/${b.domain}/brig/api-version`, {
    method: 'POST',
    headers: { 'wire-origin-domain': a.domain, 'content-type': 'application/json' },
    body: '[]',
  });
  const body = (await answer.json()) as { crosswire?: unknown; supported_versions?: unknown };
  assert.deepEqual(body.crosswire, { bundles: true });
  assert.deepEqual(body.supported_versions, [0, 1]);
});
