import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '#contract/refusal.ts';
import { enabledVersions, readVersion, type VersionSet } from './version-prefix.ts';

const all = enabledVersions([]);

function accepted(url: string, versions: VersionSet = all) {
  const target = readVersion(url, versions);
  assert.ok(!(target instanceof Refusal), `${url} was refused`);
  return target;
}

function refused(url: string, versions: VersionSet = all): string {
  const target = readVersion(url, versions);
  assert.ok(target instanceof Refusal, `${url} was accepted`);
  assert.equal(target.key, 'unsupported-version');
  return target.message;
}

test('a path without version is handled as version 0', () => {
  for (const url of [
    '/self',
    '/',
    '/version',
    '/vx/self',
    '/V5/self',
    '/v5self',
    '/a/v5/self',
    '/v-1/self',
  ]) {
    assert.deepEqual(accepted(url), { version: 0, versioned: false, url });
  }
});

test('a known version is taken off the path, the query stays', () => {
  assert.deepEqual(accepted('/v5/self'), { version: 5, versioned: true, url: '/self' });
  assert.deepEqual(accepted('/v0/search/contacts?q=v6'), {
    version: 0,
    versioned: true,
    url: '/search/contacts?q=v6',
  });
  assert.deepEqual(accepted('/v6'), { version: 6, versioned: true, url: '/' });
  assert.deepEqual(accepted('/v6?a=b'), { version: 6, versioned: true, url: '/?a=b' });
  assert.deepEqual(accepted('/v1/v2/self'), { version: 1, versioned: true, url: '/v2/self' });
});

test('what looks like a version and is none is refused by its name', () => {
  for (const name of ['v9', 'v', 'v05', 'v00', 'v99999999999999999999']) {
    assert.equal(refused(`/${name}/self`), `Version ${name} is not supported`);
  }
});

test('a version that is off is refused, except for its documentation', () => {
  const versions = enabledVersions(['v2', 'v8', 'development']);
  assert.deepEqual(versions, { supported: [0, 1, 3, 4, 5, 6, 7], development: [] });
  assert.equal(refused('/v2/self', versions), 'Version v2 is not supported');
  assert.equal(refused('/v8/api-version', versions), 'Version v8 is not supported');
  assert.equal(accepted('/v2/api/swagger.json', versions).version, 2);
  assert.equal(accepted('/v8/api/swagger-ui', versions).version, 8);
  assert.equal(accepted('/self', enabledVersions(['v0'])).version, 0);
});

test('internal routes are under no version, also not under one that does not exist', () => {
  for (const url of ['/v5/i/status', '/v5/i', '/v9/i/status', '/v5/api-internal/x', '/v5/i?x']) {
    assert.equal(refused(url), 'Internal APIs (`/i/...`) are not under version control');
  }
  assert.equal(accepted('/v5/invitations').url, '/invitations');
});
