import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newDeliveryId } from './delivery-id.ts';

test('a delivery id is a version 7 UUID that begins with the time, and is never the same twice', () => {
  const at = Date.UTC(2024, 4, 8);
  const ids = Array.from({ length: 100 }, () => newDeliveryId(at));
  for (const id of ids) {
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(Number.parseInt(id.replace('-', '').slice(0, 12), 16), at);
  }
  assert.equal(new Set(ids).size, 100);
  assert.ok(newDeliveryId(at + 1) > newDeliveryId(at));
});
