import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { handle, route } from '#contract/route.ts';
import { createRouteTable } from './route-table.ts';

const done = () => ({ status: 200 }) as const;

function served(method: 'GET' | 'HEAD' | 'PUT', path: string, versions?: readonly [number, number?]) {
  const names = [...path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? '');
  return handle(
    route(method, path, {
      about: 'Test.',
      auth: 'anyone',
      versions,
      params: Object.fromEntries(names.map((name) => [name, Type.String()])),
      answers: { 200: null },
    }),
    done,
  );
}

test('routes of one path are one end-point, whatever their captures are called', () => {
  const [endpoint, ...others] = createRouteTable([
    served('GET', '/users/:domain/:uid'),
    served('PUT', '/users/:a/:b'),
  ]);
  assert.deepEqual(others, []);
  assert.equal(endpoint?.pattern, '/users/:0/:1');
  assert.deepEqual(endpoint?.find('PUT', 0)?.captures, ['a', 'b']);
  assert.deepEqual(endpoint?.methodsAt(3), ['GET', 'PUT']);
});

test('the variant whose range holds the version is found, the end of a range is outside it', () => {
  const [endpoint] = createRouteTable([
    served('GET', '/x', [1, 3]),
    served('GET', '/x', [3]),
    served('PUT', '/x', [5]),
  ]);
  assert.equal(endpoint?.find('GET', 0), undefined);
  assert.deepEqual(endpoint?.find('GET', 2)?.route.versions, [1, 3]);
  assert.deepEqual(endpoint?.find('GET', 3)?.route.versions, [3]);
  assert.deepEqual(endpoint?.methodsAt(4), ['GET']);
});

test('HEAD has its own route or is answered as GET', () => {
  const [plain] = createRouteTable([served('GET', '/x')]);
  assert.equal(plain?.find('HEAD', 0)?.route.method, 'GET');
  const [own] = createRouteTable([served('GET', '/x'), served('HEAD', '/x')]);
  assert.equal(own?.find('HEAD', 0)?.route.method, 'HEAD');
});

test('two routes for one method, path and version do not start', () => {
  assert.throws(
    () => createRouteTable([served('GET', '/x/:a', [0, 3]), served('GET', '/x/:b', [2])]),
    /GET \/x\/:a is served twice/,
  );
});

test('a capture without a schema does not start', () => {
  const unparsed = route('GET', '/x/:a', { about: 'Test.', auth: 'anyone', answers: { 200: null } });
  assert.throws(() => createRouteTable([handle(unparsed, done)]), /captures/);
});
