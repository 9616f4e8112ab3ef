import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultPaces, retryDelayMs } from './retry.ts';

test('the wait doubles up to the cap, with full jitter', () => {
  const pace = { baseMs: 100, capMs: 1_000 };
  const longest = [1, 2, 3, 4, 5, 1000].map((failures) => retryDelayMs(failures, 1, pace));
  assert.deepEqual(longest, [100, 200, 400, 800, 1_000, 1_000]);
  assert.equal(retryDelayMs(3, 0, pace), 0);
  assert.equal(retryDelayMs(3, 0.5, pace), 200);
});

test('a remote that cannot be reached is asked for often enough to be found within two seconds of its return', () => {
  const breakerCapMs = 1_500;
  assert.ok(retryDelayMs(1_000_000, 1, defaultPaces.away) + breakerCapMs <= 2_000);
});
