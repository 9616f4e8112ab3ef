import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuse } from '#contract/refusal.ts';
import { CircuitBreaker } from './circuit-breaker.ts';

const failure = refuse('federation-connection-refused', { message: 'connect ECONNREFUSED' });

function breakerAt(clock: { now: number }) {
  const states: string[] = [];
  const breaker = new CircuitBreaker({
    backOff: { baseMs: 100, capMs: 400 },
    now: () => clock.now,
    random: () => 1,
    onChange: (state) => states.push(state.kind),
  });
  return { breaker, states };
}

test('a closed breaker lets calls through', () => {
  const { breaker } = breakerAt({ now: 0 });
  assert.equal(breaker.refusal(), undefined);
  assert.equal(breaker.state.kind, 'closed');
});

test('a failure opens it, and calls fail with that failure until its time is over', () => {
  const clock = { now: 1000 };
  const { breaker } = breakerAt(clock);
  breaker.failed(failure);
  assert.deepEqual(breaker.state, { kind: 'open', failures: 1, until: 1100, failure });
  clock.now = 1099;
  assert.equal(breaker.refusal(), failure);
});

test('after its time it lets calls try, and opens for longer when they fail', () => {
  const clock = { now: 0 };
  const { breaker, states } = breakerAt(clock);
  breaker.failed(failure);
  clock.now = 100;
  assert.equal(breaker.refusal(), undefined);
  assert.equal(breaker.state.kind, 'half-open');
  breaker.failed(failure);
  assert.deepEqual(breaker.state, { kind: 'open', failures: 2, until: 300, failure });
  assert.deepEqual(states, ['open', 'half-open', 'open']);
});

test('a success closes it and forgets the failures before', () => {
  const clock = { now: 0 };
  const { breaker } = breakerAt(clock);
  for (let round = 0; round < 5; round += 1) breaker.failed(failure);
  breaker.succeeded();
  assert.deepEqual(breaker.state, { kind: 'closed' });
  breaker.failed(failure);
  assert.deepEqual(breaker.state, { kind: 'open', failures: 1, until: 100, failure });
});
