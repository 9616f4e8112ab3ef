import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LineRate } from './line-rate.ts';

describe('line rate', () => {
  it('lets so many lines of a kind through in a period, and tells the next how many it kept back', () => {
    let now = 0;
    const rate = new LineRate({ lines: 2, periodMs: 1_000, now: () => now });
    const taken = () => [1, 2, 3, 4].map(() => rate.take('federation-denied'));
    assert.deepEqual(taken(), [0, 0, undefined, undefined]);
    now = 999;
    assert.equal(rate.take('federation-denied'), undefined);
    now = 1_000;
    assert.deepEqual(taken(), [3, 0, undefined, undefined]);
    now = 5_000;
    assert.equal(rate.take('federation-denied'), 2);
  });

  it('counts each kind for itself', () => {
    const rate = new LineRate({ lines: 1, periodMs: 1_000, now: () => 0 });
    assert.equal(rate.take('federation-denied'), 0);
    assert.equal(rate.take('discovery-failure'), 0);
    assert.equal(rate.take('federation-denied'), undefined);
  });
});
