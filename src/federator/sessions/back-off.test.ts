import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backOffMs, defaultBackOff } from './back-off.ts';

test('the wait doubles from the base up to the cap', () => {
  const waits = [1, 2, 3, 4, 5, 6, 1000].map((failures) => backOffMs(failures, 1, defaultBackOff));
  assert.deepEqual(waits, [250, 500, 1000, 1500, 1500, 1500, 1500]);
});

test('the jitter takes at most half of the wait, so that it never becomes nothing', () => {
  assert.equal(backOffMs(3, 0, defaultBackOff), 500);
  assert.equal(backOffMs(3, 0.5, defaultBackOff), 750);
});

test('no wait keeps a remote that is back from being tried for two seconds', () => {
  for (let failures = 1; failures < 100; failures += 1) {
    assert.ok(backOffMs(failures, 0.999, defaultBackOff) <= 1500);
  }
});
