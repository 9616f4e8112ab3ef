import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import type { ErrorBody } from '#contract/refusal.ts';
import {
  type ClientSurface,
  openClientSurface,
  type RawRequest,
  rawRequest,
  sendRaw,
} from './client-surface.ts';

/**
 * R3 on the client API: malformed requests, as bytes on a socket. Each is refused with its status and label, the body is
 * the error object, no handler runs, and no secret of the request comes back in the answer.
 */

interface Malformed {
  readonly name: string;
  readonly request: RawRequest | Buffer;
  readonly status: number;
  readonly label: string;
}

const uuid = '6a1d2a5e-95a8-4a3c-8f4d-d2a1b3f0c9e4';
const json = (body: string | Uint8Array): RawRequest => ({ method: 'PUT', path: '/v5/self', body });
const listUsers = (body: unknown): RawRequest => ({
  method: 'POST',
  path: '/v5/list-users',
  body: JSON.stringify(body),
});
const withToken = (...headers: readonly string[]): RawRequest => ({
  bare: true,
  headers: ['Host: a.example.com', ...headers],
});

const methods: readonly Malformed[] = [
  {
    name: 'GET where there is only PUT',
    request: { path: '/v5/self/handle' },
    status: 405,
    label: 'method-not-allowed',
  },
  ...['PUT', 'DELETE', 'PATCH', 'GET'].map((method) => ({
    name: `${method} where there is only POST`,
    request: { method, path: '/v5/list-users' },
    status: 405,
    label: 'method-not-allowed',
  })),
  { name: 'TRACE', request: { method: 'TRACE' }, status: 404, label: 'no-endpoint' },
  { name: 'an unknown method', request: { method: 'FROB' }, status: 400, label: 'bad-request' },
];

const path = (name: string, at: string, status = 404, label = 'no-endpoint'): Malformed => ({
  name: `path: ${name}`,
  request: { path: at },
  status,
  label,
});

const paths: readonly Malformed[] = [
  path('empty', '', 400, 'bad-request'),
  path('a double slash', '/v5//self'),
  path('a plain dot', '/v5/./self'),
  path('plain double dots', '/v5/users/../self'),
  path('encoded double dots', '/v5/users/%2e%2e/self'),
  path('twice encoded double dots', '/v5/users/%252e%252e/self'),
  path('overlong UTF-8', '/v5/users/%c0%ae/x', 400, 'bad-request'),
  path('an encoded slash', `/v5/users/a.example.com%2f${uuid}`),
  path('an encoded NUL', `/v5/users/a.example.com%00/${uuid}`, 400, 'bad-request'),
  path('an absolute URL of nothing here', 'http://evil.example/nothing'),
  path('an absolute URL of another scheme', 'ftp://evil.example/self', 400, 'bad-request'),
  path('a query parameter twice', '/v5/search/contacts?q=a&q=b', 400, 'bad-request'),
  path('no query where one is needed', '/v5/search/contacts', 400, 'bad-request'),
  path('a fragment', '/v5/self#x', 400, 'bad-request'),
  path('an extra segment', '/v5/self/extra'),
  path('a version that does not exist', '/v77/self', 404, 'unsupported-version'),
  path('upper case', '/v5/SELF'),
  path('a capture that does not parse', `/v5/users/a_b!/${uuid}`),
  path('a capture that is not a UUID', '/v5/users/a.example.com/self'),
  path('8 KiB', `/v5/${'a'.repeat(8 * 1024)}`, 431, 'uri-too-long'),
  path('an internal route', '/i/status'),
  path('an internal route under a version', '/v5/i/status', 404, 'unsupported-version'),
  path('a call between backends', '/federation/api-version'),
];

const headers: readonly Malformed[] = [
  { name: 'no token', request: withToken(), status: 401, label: 'unauthorized' },
  {
    name: 'two tokens',
    request: withToken(
      'Authorization: Bearer alices-access-token',
      'Authorization: Bearer alices-access-token',
    ),
    status: 400,
    label: 'bad-request',
  },
  {
    name: 'an empty token',
    request: withToken('Authorization: Bearer '),
    status: 401,
    label: 'unauthorized',
  },
  {
    name: 'a token of 16 KiB',
    request: withToken(`Authorization: Bearer ${'t'.repeat(16 * 1024)}`),
    status: 401,
    label: 'unauthorized',
  },
  {
    name: 'a token that is not ASCII',
    request: withToken('Authorization: Bearer \xff\xfe'),
    status: 401,
    label: 'unauthorized',
  },
  { name: 'no Host', request: { bare: true }, status: 400, label: 'bad-request' },
  { name: 'two Hosts', request: { headers: ['Host: b.example.com'] }, status: 400, label: 'bad-request' },
  {
    name: 'another content type',
    request: { ...json('{}'), headers: ['Content-Type: text/plain'] },
    status: 415,
    label: 'unsupported-media-type',
  },
  {
    name: 'a content type that is none',
    request: { ...json('{}'), headers: ['Content-Type: ;;;'] },
    status: 415,
    label: 'unsupported-media-type',
  },
  {
    name: 'another charset',
    request: { ...json('{}'), headers: ['Content-Type: application/json; charset=utf-16'] },
    status: 415,
    label: 'unsupported-media-type',
  },
  {
    name: 'an unknown content encoding',
    request: { ...json('{}'), headers: ['Content-Encoding: br'] },
    status: 415,
    label: 'unsupported-content-encoding',
  },
  {
    name: 'a content encoding that does not hold',
    request: { ...json('{}'), headers: ['Content-Encoding: gzip'] },
    status: 400,
    label: 'bad-request',
  },
  {
    name: 'gzip that is cut short',
    request: { ...json(gzipSync('{"name":"Alice"}').subarray(0, -9)), headers: ['Content-Encoding: gzip'] },
    status: 400,
    label: 'bad-request',
  },
  {
    name: 'two different lengths',
    request: { ...json('{}'), headers: ['Content-Length: 2', 'Content-Length: 3'] },
    status: 400,
    label: 'bad-request',
  },
  {
    name: 'a length and chunks',
    request: {
      ...json('2\r\n{}\r\n0\r\n\r\n'),
      headers: ['Content-Length: 2', 'Transfer-Encoding: chunked'],
    },
    status: 400,
    label: 'bad-request',
  },
  {
    name: 'a length that is no number',
    request: { ...json('{}'), headers: ['Content-Length: two'] },
    status: 400,
    label: 'bad-request',
  },
  {
    name: 'chunks that are broken',
    request: { ...json('zz\r\n{}\r\n'), headers: ['Transfer-Encoding: chunked'] },
    status: 400,
    label: 'bad-request',
  },
  {
    name: '200 headers',
    request: { headers: Array.from({ length: 200 }, (_, index) => `X-Header-${index}: x`) },
    status: 431,
    label: 'headers-too-large',
  },
  {
    name: 'a version in a header instead of the path',
    request: {
      ...json('{"supported_protocols":["mls"]}'),
      path: '/self/supported-protocols',
      headers: ['X-Wire-API-Version: 5'],
    },
    status: 404,
    label: 'no-endpoint',
  },
  {
    name: 'an Accept of other types only',
    request: { headers: ['Accept: text/html'] },
    status: 406,
    label: 'not-acceptable',
  },
];

const bad = (name: string, request: RawRequest): Malformed => ({
  name,
  request,
  status: 400,
  label: 'bad-request',
});

const syntax: readonly Malformed[] = [
  bad('JSON: empty', json('')),
  bad('JSON: truncated', json('{"name":"Ali')),
  bad('JSON: a NUL byte', json('{"name":"A\0"}')),
  bad('JSON: an escaped NUL', json('{"name":"A\\u0000"}')),
  bad('JSON: a byte order mark', json('\ufeff{"name":"Alice"}')),
  bad('JSON: trailing text', json('{"name":"Alice"} x')),
  bad('JSON: NaN', json('{"accent_id":NaN}')),
  bad('JSON: a number that is too big', json('{"accent_id":1e999}')),
  bad('JSON: a key twice, of which the last counts', json('{"name":"Alice","name":7}')),
  bad('JSON: a lone surrogate', json('{"name":"\\ud800"}')),
  bad('JSON: nested 10,000 deep', json(`{"picture":${'['.repeat(10_000)}${']'.repeat(10_000)}}`)),
  bad('JSON: not UTF-8', json(Buffer.from('{"name":"\xff\xfe"}', 'latin1'))),
];

const schema: readonly Malformed[] = [
  bad('a missing field', { ...json('{}'), path: '/v5/self/handle' }),
  bad('a wrong type', json('{"name":7}')),
  bad('a wrong type of the whole', json('["name"]')),
  bad('null', json('{"assets":[null]}')),
  bad('an empty text', json('{"name":""}')),
  bad('an empty list', listUsers({ qualified_handles: [] })),
  bad(
    'a list that is too long',
    listUsers({ qualified_handles: Array(5).fill({ domain: 'a.example.com', handle: 'bob' }) }),
  ),
  bad('a bad UUID', listUsers({ qualified_ids: [{ domain: 'a.example.com', id: 'x' }] })),
  bad('a bad domain', listUsers({ qualified_ids: [{ domain: 'nodots', id: uuid }] })),
  bad('a bad handle', listUsers({ qualified_handles: [{ domain: 'a.example.com', handle: 'UPPER' }] })),
  bad('an unknown value of an enumeration', {
    ...json('{"supported_protocols":["smoke"]}'),
    path: '/v5/self/supported-protocols',
  }),
];

const keyPackages = (method: string, query: string, body: unknown, client = 'beef'): RawRequest => ({
  method,
  path: `/v5/mls/key-packages/self/${client}${query}`,
  body: JSON.stringify(body),
});
const noKeyPackages = { key_packages: [] };

const mls: readonly Malformed[] = [
  bad('key packages: none', keyPackages('POST', '', {})),
  bad('key packages: bytes as numbers', keyPackages('POST', '', { key_packages: [[1, 2]] })),
  bad('key packages: URL-safe base64', keyPackages('POST', '', { key_packages: ['_-__'] })),
  bad('key packages: base64 without padding', keyPackages('PUT', '', { key_packages: ['YQ'] })),
  bad('key packages: base64 with a line break', keyPackages('POST', '', { key_packages: ['YQ==\n'] })),
  bad('key packages: more than allowed', keyPackages('POST', '', { key_packages: Array(1001).fill('YQ==') })),
  bad('suites: empty', keyPackages('PUT', '?ciphersuites=', noKeyPackages)),
  bad('suites: an empty one among others', keyPackages('PUT', '?ciphersuites=1,,2', noKeyPackages)),
  bad('suites: a text', keyPackages('PUT', '?ciphersuites=one', noKeyPackages)),
  bad('suites: a sign', keyPackages('PUT', '?ciphersuites=-1', noKeyPackages)),
  bad('suites: too many', keyPackages('PUT', `?ciphersuites=${'1,'.repeat(200)}1`, noKeyPackages)),
  bad('a suite of 17 bits', keyPackages('DELETE', '?ciphersuite=10001', { key_packages: ['YQ=='] })),
  bad(
    'a suite with digits behind a NUL',
    keyPackages('DELETE', '?ciphersuite=1%002', { key_packages: ['YQ=='] }),
  ),
  bad('references: none', keyPackages('DELETE', '', noKeyPackages)),
  bad('references: no base64', keyPackages('DELETE', '', { key_packages: ['%%%%'] })),
  bad('references: 1001', keyPackages('DELETE', '', { key_packages: Array(1001).fill('YQ==') })),
  path('a client that is no number', '/v5/mls/key-packages/self/xyz/count'),
  path('a client of 17 digits', `/v5/mls/key-packages/self/${'1'.repeat(17)}/count`),
  path('key packages before version 5', '/v4/mls/key-packages/self/beef/count'),
  path('key packages of a user without domain', `/v5/mls/key-packages/claim/${uuid}`),
];

const identity: readonly Malformed[] = [
  {
    name: 'a user in a header of the proxy',
    request: withToken(`Z-User: ${uuid}`, 'Z-Connection: 1'),
    status: 401,
    label: 'unauthorized',
  },
  {
    name: 'a token that does not verify',
    request: withToken('Authorization: Bearer forged'),
    status: 401,
    label: 'unauthorized',
  },
  {
    name: 'another scheme',
    request: withToken('Authorization: Basic YWxpY2U6c2VjcmV0'),
    status: 401,
    label: 'unauthorized',
  },
  {
    name: 'a bad token beside a good one',
    request: {
      ...withToken('Authorization: Bearer forged'),
      path: '/v5/self?access_token=alices-access-token',
    },
    status: 401,
    label: 'unauthorized',
  },
  {
    name: 'two tokens in the query',
    request: { ...withToken(), path: '/v5/self?access_token=alices-access-token&access_token=x' },
    status: 401,
    label: 'unauthorized',
  },
  ...['alices-cookie', 'bot-token', 'provider-token', 'legalhold-token'].map((token) => ({
    name: `a token of another kind: ${token}`,
    request: withToken(`Authorization: Bearer ${token}`),
    status: 403,
    label: 'access-denied',
  })),
  path('an unqualified id', `/v5/users/${uuid}`),
  bad('an id without its domain', listUsers({ qualified_ids: [{ id: uuid }] })),
  bad('__proto__ as a key', json('{"name":"Alice","__proto__":{"admin":true}}')),
  bad('__proto__ as an escaped key', json('{"name":"Alice","\\u005f_proto__":{"admin":true}}')),
];

const cases = [...methods, ...paths, ...headers, ...syntax, ...schema, ...mls, ...identity];
const secrets = ['alices-access-token', 'forged', 'alices-cookie', 'YWxpY2U6c2VjcmV0', 'tttttttt'];

const bytesOf = ({ request }: Malformed) => (Buffer.isBuffer(request) ? request : rawRequest(request));

describe('R3 malformed requests to the client API', () => {
  let surface: ClientSurface;
  before(async () => {
    surface = await openClientSurface();
  });
  after(async () => {
    await surface[Symbol.asyncDispose]();
  });

  test('there are at least 60 of them', () => {
    assert.ok(cases.length >= 60, `${cases.length}`);
    assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length);
  });

  for (const malformed of cases) {
    test(`R3 refuses ${malformed.name}`, async () => {
      const answer = await sendRaw(surface.port, bytesOf(malformed));
      assert.equal(answer.status, malformed.status, answer.body);
      const body = JSON.parse(answer.body) as ErrorBody;
      assert.equal(body.label, malformed.label);
      assert.equal(body.code, malformed.status);
      assert.ok(body.message.length > 0);
      assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
      for (const secret of secrets) assert.ok(!answer.body.includes(secret), 'a secret came back');
      assert.deepEqual(surface.calls, []);
    });
  }

  test('R3 a hundred of each leave the heap as it was', async () => {
    const heapAfterAll = async (rounds: number) => {
      for (let round = 0; round < rounds; round += 1) {
        await Promise.all(cases.map((malformed) => sendRaw(surface.port, bytesOf(malformed))));
      }
      return heapUsed();
    };
    const base = await heapAfterAll(10);
    const grown = (await heapAfterAll(100)) - base;
    assert.ok(grown < 5 * 1024 * 1024, `the heap grew by ${grown} bytes`);
    assert.deepEqual(surface.calls, []);
  });
});

describe('what looks odd and is allowed', () => {
  const accepted = (name: string, request: RawRequest, check: (surface: ClientSurface) => void = () => {}) =>
    test(`R3 accepts ${name}`, async () => {
      await using surface = await openClientSurface();
      const answer = await sendRaw(surface.port, rawRequest(request));
      assert.ok(answer.status < 300, `${answer.status} ${answer.body}`);
      assert.equal(surface.calls.length, 1);
      check(surface);
    });

  accepted('an extra field', json('{"name":"Alice","unknown":[1]}'));
  accepted('a key twice, and reads the last', json('{"name":7,"name":"Alice"}'), ({ calls }) =>
    assert.deepEqual({ ...(calls[0]?.request.body as object) }, { name: 'Alice' }),
  );
  accepted('the absolute form of a path', { path: 'http://a.example.com/v5/self' });
  accepted('a trailing slash', { path: '/v5/self/' });
  accepted('a lower-case scheme of the token', withToken('authorization: bearer alices-access-token'));
  accepted(
    'ids in upper case, and folds them',
    listUsers({ qualified_ids: [{ domain: 'B.Example.COM', id: uuid.toUpperCase() }] }),
    ({ calls }) =>
      assert.deepEqual(calls[0]?.request.body, { qualified_ids: [{ domain: 'b.example.com', id: uuid }] }),
  );
  accepted(
    'headers of the proxy, and believes the token',
    { headers: [`Z-User: ${uuid}`, 'Z-Type: provider'] },
    ({ calls }) => assert.notEqual((calls[0]?.request.user as { userId: string } | undefined)?.userId, uuid),
  );

  test('R3 answers OPTIONS of any path without calling anybody', async () => {
    await using surface = await openClientSurface();
    const answer = await sendRaw(surface.port, rawRequest({ method: 'OPTIONS', path: '/v5/list-users' }));
    assert.equal(answer.status, 204);
    assert.deepEqual(surface.calls, []);
  });
});

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}
