import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { Refusal } from './refusal.ts';
import { ClientIdSchema, compileParser, Domain, MapOf, UserIdSchema } from './schema.ts';

const parser = compileParser(
  Type.Object({
    domain: Type.Optional(Domain),
    few: Type.Optional(Type.Array(Type.Integer(), { maxItems: 10 })),
    many: Type.Optional(Type.Array(Type.Integer(), { maxItems: 100 })),
  }),
);

function messageFor(value: unknown): string {
  try {
    parser.parse(value, 'body');
  } catch (error) {
    assert.ok(error instanceof Refusal);
    return error.message;
  }
  return assert.fail('it was accepted');
}

test('domains are folded to lower case, other members stay', () => {
  assert.deepEqual(parser.parse({ domain: 'B.Example.COM', few: [1], extra: 'X' }, 'body'), {
    domain: 'b.example.com',
    few: [1],
    extra: 'X',
  });
});

test('client ids are numbers in hex: case and leading zeros say nothing', () => {
  const ids = compileParser(Type.Array(ClientIdSchema));
  assert.deepEqual(ids.parse(['0E90', 'e90', '0', '000'], 'body'), ['e90', 'e90', '0', '0']);
  for (const wrong of ['', 'xyz', '-1', '1'.repeat(17)]) assert.throws(() => ids.parse([wrong], 'body'));
});

test('keys of a map are folded as what they are, and another key is refused', () => {
  const map = compileParser(MapOf(Domain, MapOf(UserIdSchema, MapOf(ClientIdSchema, Type.Integer()))));
  const user = 'ABCDEF00-0000-4000-8000-000000000000';
  assert.deepEqual(map.parse({ 'B.example.com': { [user]: { '0A': 1 } } }, 'body'), {
    'b.example.com': { [user.toLowerCase()]: { a: 1 } },
  });
  for (const wrong of [
    { x: {} },
    { 'b.example.com': { x: {} } },
    { 'b.example.com': { [user]: { x: 1 } } },
  ]) {
    assert.throws(() => map.parse(wrong, 'body'), Refusal);
  }
});

test('a refusal names the field, what was found and what was expected', () => {
  assert.equal(messageFor({ few: [1, 'x'] }), 'body.few.1: must be integer, found a string of 1 characters');
  assert.equal(
    messageFor({ many: Array(101).fill(1) }),
    'body.many: must not have more than 100 items, found an array of 101',
  );
});

test('a large value is explained by the heads of its lists', () => {
  const large = 50_000;
  assert.equal(
    messageFor({ few: Array(large).fill(1) }),
    `body.few: must not have more than 10 items, found an array of ${large}`,
  );
  assert.match(messageFor({ many: Array(large).fill('x') }), /^body\.many/);
  assert.match(messageFor({ many: Array(large).fill(1) }), /a list is too long/);
});
