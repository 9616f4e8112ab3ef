import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { namesMatch } from './dns-names.ts';

describe('names of a certificate', () => {
  const cases: readonly (readonly [name: string, host: string, matches: boolean])[] = [
    ['wire.example.com', 'wire.example.com', true],
    ['WIRE.Example.com', 'wire.example.com', true],
    ['wire.example.com', 'WIRE.example.COM', true],
    ['*.example.com', 'wire.example.com', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', 'a.wire.example.com', false],
    ['*.EXAMPLE.com', 'wire.example.com', true],
    ['*', 'com', false],
    ['*', 'example.com', false],
    ['*.com', 'example.com', false],
    ['*.', 'example.com', false],
    ['*..com', 'x.com', false],
    ['f*.example.com', 'foo.example.com', false],
    ['*o.example.com', 'foo.example.com', false],
    ['*.*.example.com', 'a.b.example.com', false],
    ['a.*.example.com', 'a.b.example.com', false],
    ['wire.example.com.', 'wire.example.com', false],
    ['wire..example.com', 'wire.example.com', false],
    ['.wire.example.com', 'wire.example.com', false],
    ['wire.example.com\0.evil.net', 'wire.example.com', false],
    ['wire.example.com\0', 'wire.example.com', false],
    ['wire.example.com ', 'wire.example.com', false],
    ['wi\u212ae.example.com', 'wike.example.com', false],
    ['', 'wire.example.com', false],
  ];
  for (const [name, host, matches] of cases) {
    it(`${JSON.stringify(name)} ${matches ? 'is' : 'is not'} ${host}`, () => {
      assert.equal(namesMatch([name], host), matches);
      assert.equal(namesMatch(['other.example.net', name], host), matches);
    });
  }

  it('none of none matches', () => {
    assert.equal(namesMatch([], 'wire.example.com'), false);
  });
});
