import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MessageOracle } from './message-oracle.ts';

/* The oracle itself: it finds each kind of fault, and none where there is none. */

const message = (number: number, sender = 'alice') => ({ conversation: 'c', sender, number });

describe('the oracle of messages', () => {
  it('finds nothing wrong where everybody saw everything once and in order', () => {
    const oracle = new MessageOracle(['alice', 'bob', 'carol']);
    for (const number of [0, 1]) {
      oracle.acknowledge(message(number));
      oracle.see('bob', message(number), 'n');
      oracle.see('carol', message(number), 'n');
    }
    assert.deepEqual(oracle.verdict(), { acknowledged: 2, seen: 4, lost: [], twice: [], disordered: [] });
  });

  it('finds what was acknowledged and not seen', () => {
    const oracle = new MessageOracle(['alice', 'bob']);
    oracle.acknowledge(message(0));
    assert.deepEqual(oracle.verdict().lost, ['c alice 0 at bob']);
  });

  it('lets a message whose answer was lost be seen or not', () => {
    const oracle = new MessageOracle(['alice', 'bob', 'carol']);
    oracle.see('bob', message(0), 'n');
    const { lost, twice, disordered } = oracle.verdict();
    assert.deepEqual([lost, twice, disordered], [[], [], []]);
  });

  it('finds what was seen twice', () => {
    const oracle = new MessageOracle(['alice', 'bob']);
    oracle.see('bob', message(0), 'n');
    oracle.see('bob', message(0), 'n');
    assert.deepEqual(oracle.verdict().twice, ['c alice 0 at bob: n, n']);
  });

  it('finds a message after a later one of its sender', () => {
    const oracle = new MessageOracle(['alice', 'bob']);
    oracle.see('bob', message(1), 'n');
    oracle.see('bob', message(0), 'n');
    assert.deepEqual(oracle.verdict().disordered, ['c alice 0 after 1']);
  });

  it('finds two members who saw different orders', () => {
    const oracle = new MessageOracle(['alice', 'bob', 'carol', 'dave']);
    oracle.see('carol', message(0), 'n');
    oracle.see('carol', message(0, 'bob'), 'n');
    oracle.see('dave', message(0, 'bob'), 'n');
    oracle.see('dave', message(0), 'n');
    assert.deepEqual(oracle.verdict().disordered, ['carol saw c alice 0 where dave saw c bob 0']);
  });
});
