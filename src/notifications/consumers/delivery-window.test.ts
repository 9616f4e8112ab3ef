import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DeliveryWindow, joinProgress, maxOutstanding, type Progress } from './delivery-window.ts';

const fresh: Progress = { position: 0, holes: [] };

test('tags count from 1, and what is acknowledged in order leaves no hole', () => {
  const window = new DeliveryWindow(fresh);
  assert.deepEqual([window.add(10), window.add(20), window.add(undefined), window.add(30)], [1, 2, 3, 4]);
  assert.ok(window.acknowledge(1, false));
  assert.deepEqual(window.progress, { position: 10, holes: [] });
  assert.ok(window.acknowledge(3, true));
  assert.deepEqual(window.progress, { position: 20, holes: [] });
});

test('what is passed over stays a hole until it is acknowledged', () => {
  const window = new DeliveryWindow({ position: 20, holes: [5] });
  for (const position of [5, 30, 40]) window.add(position);
  assert.deepEqual(window.progress, { position: 20, holes: [5] });
  window.acknowledge(3, false);
  assert.deepEqual(window.progress, { position: 40, holes: [5, 30] });
  window.acknowledge(1, false);
  assert.deepEqual(window.progress, { position: 40, holes: [30] });
});

test('a tag that is not outstanding is none, and changes nothing', () => {
  const window = new DeliveryWindow(fresh);
  window.add(10);
  window.add(20);
  window.acknowledge(1, false);
  for (const [tag, multiple] of [
    [1, false],
    [1, true],
    [3, false],
    [3, true],
    [0, false],
  ] as const)
    assert.equal(window.acknowledge(tag, multiple), false, `${tag} ${multiple}`);
  assert.deepEqual(window.progress, { position: 10, holes: [] });
  assert.ok(window.acknowledge(0, true), '0 stands for all');
  assert.deepEqual(window.progress, { position: 20, holes: [] });
});

test('a window is full of so many deliveries, and has room again when one is acknowledged', () => {
  const window = new DeliveryWindow(fresh);
  for (let n = 1; n <= maxOutstanding; n += 1) {
    assert.ok(!window.isFull);
    window.add(n);
  }
  assert.ok(window.isFull);
  window.acknowledge(7, false);
  assert.ok(!window.isFull);
});

const positions = Array.from({ length: 12 }, (_, index) => (index + 1) * 10);

function openIn({ position, holes }: Progress): readonly number[] {
  return positions.filter((each) => each > position || holes.includes(each));
}

/** A connection that goes on from `progress`: what it delivers, and what of it is acknowledged. */
function played(progress: Progress, delivered: number, acknowledged: readonly number[]) {
  const window = new DeliveryWindow(progress);
  const open = openIn(progress).slice(0, delivered);
  for (const position of open) window.add(position);
  const tags = acknowledged.filter((tag) => window.acknowledge(tag, false));
  return { progress: window.progress, taken: new Set(tags.map((tag) => open[tag - 1])) };
}

const connection = fc.record({
  delivered: fc.nat(positions.length),
  acknowledged: fc.array(fc.integer({ min: 1, max: positions.length }), { maxLength: positions.length }),
});

test('over connections that follow one another nothing unacknowledged is forgotten, nor anything else kept', () => {
  fc.assert(
    fc.property(fc.array(connection, { maxLength: 5 }), (connections) => {
      let progress = fresh;
      const open = new Set(positions);
      for (const { delivered, acknowledged } of connections) {
        const after = played(progress, delivered, acknowledged);
        for (const position of after.taken) open.delete(position as number);
        progress = after.progress;
        assert.deepEqual(openIn(progress), [...open]);
      }
    }),
  );
});

test('two accounts of a queue join to what either has seen acknowledged, in either order', () => {
  fc.assert(
    fc.property(connection, connection, connection, (before, one, other) => {
      const base = played(fresh, before.delivered, before.acknowledged).progress;
      const [left, right] = [one, other].map(({ delivered, acknowledged }) =>
        played(base, delivered, acknowledged),
      ) as [ReturnType<typeof played>, ReturnType<typeof played>];
      const taken = new Set([...left.taken, ...right.taken]);
      const expected = openIn(base).filter((position) => !taken.has(position));
      assert.deepEqual(openIn(joinProgress(left.progress, right.progress)), expected);
      assert.deepEqual(
        joinProgress(right.progress, left.progress),
        joinProgress(left.progress, right.progress),
      );
    }),
  );
});
