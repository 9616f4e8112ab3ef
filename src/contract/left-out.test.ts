import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { NewUser } from './client/registration.ts';
import { Refusal } from './refusal.ts';
import { compileParser, Domain, MapOf, Nullable } from './schema.ts';

const Inner = Type.Object({ name: Type.String(), label: Type.Optional(Type.String()) });
const parser = compileParser(
  Type.Object({
    domain: Type.Optional(Domain),
    timer: Type.Optional(Nullable(Type.Integer())),
    inner: Type.Optional(Inner),
    list: Type.Optional(Type.Array(Inner)),
    map: Type.Optional(MapOf(Domain, Inner)),
    either: Type.Optional(Type.Union([Inner, Type.String()])),
  }),
);
const read = (value: unknown) => parser.parse(value, 'body');

test('null stands for a member that is left out, wherever it is', () => {
  const inner = { name: 'n', label: null };
  const value = {
    domain: null,
    inner,
    list: [{ name: 'm' }, inner],
    map: { 'B.example.com': inner },
    either: inner,
  };
  const left = { name: 'n' };
  assert.deepEqual(read(value), {
    inner: left,
    list: [{ name: 'm' }, left],
    map: { 'b.example.com': left },
    either: left,
  });
  assert.equal(value.inner.label, null, 'the value given stays as it was');
});

test('null stays where it means something: in nullable and in unknown members', () => {
  assert.deepEqual(read({ timer: null, inner: null, extra: null }), { timer: null, extra: null });
});

test('null is refused for what must be there, and the message names the member', () => {
  for (const value of [
    null,
    { inner: { name: null } },
    { list: [null] },
    { map: { 'b.example.com': null } },
  ]) {
    assert.throws(() => read(value), Refusal);
  }
  assert.throws(() => read({ domain: null, inner: { name: null } }), {
    message: /^body\.inner\.name: .*found null$/,
  });
});

test('a registration with null for everything but the name is one with only a name', () => {
  const nulls = Object.fromEntries(Object.keys(NewUser.properties).map((name) => [name, null]));
  const { label: _, ...newUser } = compileParser(NewUser).parse({ ...nulls, name: 'Alice' }, 'body');
  assert.deepEqual(newUser, { name: 'Alice' });
});
