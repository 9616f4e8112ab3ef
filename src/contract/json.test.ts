import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson } from './json.ts';

const bytes = (text: string) => Buffer.from(text);

test('parses what RFC 8259 allows', () => {
  assert.deepEqual(parseJson(bytes('{"a":[1,"\\ud83d\\ude00"]}'), 'body'), { a: [1, '😀'] });
});

test('brackets inside strings are not nesting', () => {
  assert.equal(parseJson(bytes(JSON.stringify('['.repeat(500))), 'body'), '['.repeat(500));
});

const refused: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['an empty body', bytes(''), /found nothing/],
  ['a truncated body', bytes('{"a":'), /expected JSON/],
  ['a byte order mark', bytes('\ufeff{}'), /expected JSON/],
  ['text after the value', bytes('{} x'), /expected JSON/],
  ['NaN', bytes('NaN'), /expected JSON/],
  ['a raw NUL', bytes('{"a":"\0"}'), /expected JSON/],
  ['an escaped NUL', bytes('{"a":["\\u0000"]}'), /body\.a\.0: a text holds a NUL/],
  ['a lone surrogate', bytes('{"a":"\\ud800"}'), /lone surrogate/],
  ['a lone surrogate in a key', bytes('{"\\udc00":1}'), /lone surrogate/],
  ['invalid UTF-8', Uint8Array.of(0x22, 0xc0, 0xae, 0x22), /not valid UTF-8/],
  ['nesting of 10,000 levels', bytes('['.repeat(10_000) + ']'.repeat(10_000)), /nested deeper than 64/],
];

for (const [what, input, message] of refused) {
  test(`refuses ${what}`, () => {
    assert.throws(() => parseJson(input, 'body'), { label: 'bad-request', message });
  });
}
