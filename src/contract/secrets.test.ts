import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sameSecret } from './secrets.ts';

test('a secret is the same as itself and as no other text, however long that is', () => {
  assert.equal(sameSecret('secret', 'secret'), true);
  for (const other of ['', 'secre', 'secret ', 'Secret', 'ſecret', 'secret'.repeat(1000)])
    assert.equal(sameSecret(other, 'secret'), false);
});
