import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRateLimiter, tooMany } from './rate-limiter.ts';

function limiterAt(maxAddresses = 100) {
  const clock = { now: 0 };
  const limiter = createRateLimiter({
    rate: { burst: 3, perMinute: 60 },
    maxAddresses,
    now: () => clock.now,
  });
  return { clock, take: (address: string) => limiter.take(address) };
}

test('a burst passes, the next request is told how long to wait', () => {
  const { take } = limiterAt();
  assert.deepEqual(
    [take('192.0.2.1'), take('192.0.2.1'), take('192.0.2.1')],
    [undefined, undefined, undefined],
  );
  assert.deepEqual(take('192.0.2.1'), { retryAfterSeconds: 1 });
});

test('what was waited for passes, and refused requests cost nothing', () => {
  const { clock, take } = limiterAt();
  for (let count = 0; count < 10; count += 1) take('192.0.2.1');
  clock.now = 1_000;
  assert.equal(take('192.0.2.1'), undefined);
  assert.ok(take('192.0.2.1'));
});

test('addresses do not share a limit, the addresses of one IPv6 network do', () => {
  const { take } = limiterAt();
  for (let count = 0; count < 3; count += 1) take('192.0.2.1');
  assert.equal(take('192.0.2.2'), undefined);
  assert.equal(take('::ffff:192.0.2.2'), undefined);
  for (let count = 0; count < 3; count += 1) take(`2001:db8:0:1::${count}`);
  assert.ok(take('2001:db8:0:1:ffff::9'));
  assert.equal(take('2001:db8:0:2::1'), undefined);
});

test('memory is bounded: the address quiet for longest is forgotten', () => {
  const { take } = limiterAt(2);
  for (let count = 0; count < 4; count += 1) take('192.0.2.1');
  take('192.0.2.2');
  take('192.0.2.3');
  assert.equal(take('192.0.2.1'), undefined);
});

test('the refusal has the label of its limit and says when to try again', () => {
  assert.equal(tooMany('login', 7).label, 'client-error');
  assert.equal(tooMany('registration', 7).label, 'too-many-requests');
  for (const limit of ['login', 'registration'] as const) {
    const refusal = tooMany(limit, 7);
    assert.equal(refusal.status, 429);
    assert.deepEqual(refusal.details.headers, { 'retry-after': '7' });
  }
});
