import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryDelayMs } from './retry.ts';

const pace = { retryMs: 500, longestRetryMs: 60_000 };

test('waits double until the longest', () => {
  assert.deepEqual(
    [1, 2, 3, 8, 9, 1_000].map((failures) => retryDelayMs(failures, 0, pace)),
    [500, 1_000, 2_000, 60_000, 60_000, 60_000],
  );
});

test('chance shortens them by half at most', () => {
  for (const random of [0.25, 0.999]) {
    const wait = retryDelayMs(2, random, pace);
    assert.ok(wait >= 500 && wait < 1_000, `${wait}`);
  }
});
