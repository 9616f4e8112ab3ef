import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { describeRoutes } from './openapi.ts';
import { route } from './route.ts';

const getThing = route('GET', '/things/:id', {
  about: 'A thing.',
  auth: 'user',
  versions: [2, 5],
  params: { id: Type.String() },
  query: { all: Type.Optional(Type.String()), of: Type.String() },
  answers: { 200: Type.Object({ name: Type.String() }), 204: null },
});
const putThing = route('PUT', '/things/:id', {
  about: 'Changes a thing.',
  auth: 'anyone',
  params: { id: Type.String() },
  body: Type.Object({ name: Type.String() }),
  answers: { 200: null },
});
const hidden = route('GET', '/i/things', { about: 'Internal.', auth: 'internal', answers: { 200: null } });

type Described = { paths: Record<string, Record<string, Record<string, unknown>>> };

function describeAt(version: number): Described {
  const text = JSON.stringify(
    describeRoutes([getThing, putThing, hidden], { version, domain: 'a.example.com' }),
  );
  return JSON.parse(text) as Described;
}

test('a route is described with its parameters, body and answers as the contract has them', () => {
  const { get, put } = describeAt(4).paths['/things/{id}'] ?? {};
  assert.equal(get?.summary, 'A thing.');
  assert.deepEqual(get?.security, [{ token: [] }]);
  assert.deepEqual(get?.parameters, [
    { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
    { name: 'all', in: 'query', required: false, schema: { type: 'string' } },
    { name: 'of', in: 'query', required: true, schema: { type: 'string' } },
  ]);
  assert.equal(put?.security, undefined);
  assert.deepEqual(put?.requestBody, {
    required: true,
    content: {
      'application/json': {
        schema: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
      },
    },
  });
});

test('a version describes only the routes that it has, and no internal one', () => {
  assert.deepEqual(Object.keys(describeAt(5).paths), ['/things/{id}']);
  assert.deepEqual(Object.keys(describeAt(5).paths['/things/{id}'] ?? {}), ['put']);
});
