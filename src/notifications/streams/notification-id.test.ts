import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BackendDomain } from '#contract/ids.ts';
import { createNotificationIds, isVersion1 } from './notification-id.ts';

const ids = createNotificationIds('a.example.com' as BackendDomain);
const micros = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

/** The timestamp as RFC 9562, 5.1 says to read it. */
function timestampOf(id: string): bigint {
  const [low, middle, high] = id.split('-');
  return BigInt(`0x${high?.slice(1)}${middle}${low}`);
}

test('an id is a version 1 UUID whose time is the position', () => {
  const position = Date.UTC(2024, 4, 8, 10, 51, 17, 329) * 1000;
  const id = ids.idOf(position);
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-8000-[0-9a-f]{12}$/);
  assert.equal(timestampOf(id), BigInt(position) * 10n + 0x01b21dd213814000n);
});

test('ids lead back to their positions, and grow with them', () => {
  fc.assert(
    fc.property(micros, micros, (one, other) => {
      assert.equal(ids.positionOf(ids.idOf(one)), one);
      assert.equal(ids.positionOf(ids.idOf(one).toUpperCase()), one);
      assert.equal(timestampOf(ids.idOf(one)) < timestampOf(ids.idOf(other)), one < other);
    }),
  );
});

test('ids of pushes that are not stored, and of other backends, have no position here', () => {
  const position = Date.now() * 1000;
  const elsewhere = createNotificationIds('b.example.com' as BackendDomain).idOf(position);
  for (const id of [ids.transientId(position), elsewhere]) {
    assert.ok(isVersion1(id));
    assert.equal(ids.positionOf(id), undefined);
  }
});

test('what is no version 1 UUID is none', () => {
  for (const text of ['', 'nonsense', crypto.randomUUID(), `${ids.idOf(1)}0`])
    assert.equal(isVersion1(text), false, text);
});

test('the node in the ids is no network card', () => {
  const node = ids.idOf(0).split('-').at(-1) ?? '';
  assert.equal(Number.parseInt(node.slice(0, 2), 16) & 1, 1);
});
