import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InfrastructureDomain } from '#contract/ids.ts';
import type { SrvTarget } from '../faces.ts';
import { orderTargets } from './target-order.ts';

/** A small generator with a fixed seed, so that the shares are the same in each run. */
function seeded(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

function target(host: string, priority: number, weight: number): SrvTarget {
  return { host: `${host}.example.com` as InfrastructureDomain, port: 443, priority, weight };
}

function sharesOfFirst(targets: readonly SrvTarget[], draws: number): ReadonlyMap<string, number> {
  const random = seeded(7);
  const shares = new Map<string, number>();
  for (let draw = 0; draw < draws; draw += 1) {
    const first = orderTargets(targets, random)[0]?.host ?? '';
    shares.set(first, (shares.get(first) ?? 0) + 1 / draws);
  }
  return shares;
}

test('puts lower priorities first whatever the weights', () => {
  const targets = [target('c', 30, 60_000), target('a', 10, 0), target('b', 20, 1)];
  const order = orderTargets(targets, seeded(1)).map(({ host }) => host);
  assert.deepEqual(order, ['a.example.com', 'b.example.com', 'c.example.com']);
});

test('draws inside a priority in proportion to the weights, small ones too', () => {
  const shares = sharesOfFirst([target('a', 1, 1), target('b', 1, 3)], 10_000);
  assert.ok(Math.abs((shares.get('a.example.com') ?? 0) - 0.25) < 0.03, `${shares.get('a.example.com')}`);
});

test('draws evenly when all weights are 0', () => {
  const shares = sharesOfFirst([target('a', 1, 0), target('b', 1, 0), target('c', 1, 0)], 10_000);
  for (const share of shares.values()) assert.ok(Math.abs(share - 1 / 3) < 0.03, `${share}`);
});

test('gives a weight of 0 beside others a very small chance, but one', () => {
  const share = sharesOfFirst([target('a', 1, 0), target('b', 1, 1)], 10_000).get('a.example.com') ?? 0;
  assert.ok(share > 0 && share < 0.01, `${share}`);
});

test('loses and repeats no target', () => {
  const targets = Array.from({ length: 64 }, (_, index) =>
    target(`t${index}`, index % 3, (index % 5) * 13_107),
  );
  const order = orderTargets(targets, seeded(3));
  assert.deepEqual(new Set(order), new Set(targets));
  assert.equal(order.length, targets.length);
});

test('hands a single target back as it is', () => {
  const targets = [target('a', 1, 1)];
  assert.equal(orderTargets(targets, seeded(1)), targets);
  assert.deepEqual(orderTargets([], seeded(1)), []);
});
