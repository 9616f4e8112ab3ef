import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CommitOracle } from './commit-oracle.ts';

/* The oracle itself: it finds each kind of fault, and none where there is none. */

describe('the oracle of commits', () => {
  it('finds nothing wrong where each epoch has ended once', () => {
    const oracle = new CommitOracle(1);
    oracle.take(1, 'alice', 'acknowledged');
    oracle.lose();
    oracle.take(2, 'bob', 'settled');
    const expected = { acknowledged: 1, settled: 1, lost: 1, disputed: [], unexpected: [] };
    assert.deepEqual(oracle.verdict(3), expected);
  });

  it('finds an epoch that two commits have ended, however their writers know', () => {
    const oracle = new CommitOracle(1);
    oracle.take(1, 'alice', 'acknowledged');
    oracle.take(1, 'bob', 'settled');
    assert.deepEqual(oracle.verdict(2).disputed, ['epoch 1 of 2: ended by alice and bob']);
  });

  it('finds an epoch that nobody says to have ended', () => {
    const oracle = new CommitOracle(1);
    oracle.take(2, 'alice', 'acknowledged');
    assert.deepEqual(oracle.verdict(3).disputed, ['epoch 1 of 3: ended by nobody']);
  });

  it('finds a commit that was acknowledged and of which the members know nothing', () => {
    const oracle = new CommitOracle(1);
    oracle.take(1, 'alice', 'acknowledged');
    assert.deepEqual(oracle.verdict(1).disputed, ['epoch 1 of 1: ended by alice']);
  });

  it('finds what a writer must not be told', () => {
    const oracle = new CommitOracle(1);
    oracle.wonder('alice was answered 500');
    assert.deepEqual(oracle.verdict(1).unexpected, ['alice was answered 500']);
  });
});
