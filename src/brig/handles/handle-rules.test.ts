import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseHandle } from './handle-rules.ts';

describe('handle syntax', () => {
  for (const text of ['ab', '..', 'a_b-c.d', '0123', 'x'.repeat(256), 'wireless', 'teams']) {
    it(`takes ${text.slice(0, 12)}`, () => assert.equal(parseHandle(text), text));
  }
  for (const text of ['', 'a', 'Capital', 'ca$h', 'with space', 'bøb', 'ab\n', '@bob', 'x'.repeat(257)]) {
    it(`does not take ${JSON.stringify(text.slice(0, 12))}`, () =>
      assert.equal(parseHandle(text), undefined));
  }
  for (const text of ['wire', 'admin', 'anna', 'wireteam', 'hr']) {
    it(`keeps ${text} for the service`, () => assert.equal(parseHandle(text), undefined));
  }
});
