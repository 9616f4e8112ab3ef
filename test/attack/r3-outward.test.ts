import assert from 'node:assert/strict';
import { constants } from 'node:http2';
import { after, before, describe, test } from 'node:test';
import { until } from '#testkit';
import { sendWhole } from '../federation/outward-calls.ts';
import { remote, type StreamHandler } from '../federation/outward-rig.ts';
import {
  errorOf,
  http1,
  openWireRig,
  sendHttp2,
  sendRaw,
  type WireAnswer,
  type WireRig,
} from '../federation/outward-wire.ts';

/**
 * R3 on two surfaces: malformed calls from components to the outward listener, as bytes on a socket, and malformed
 * answers of a remote. Bodies are none of the federator's business: whatever they hold arrives unchanged.
 */

const good = '/rpc/b.example.com/brig/get-users-by-ids';

interface Malformed {
  readonly name: string;
  readonly bytes: string | Buffer;
  /** Several when Node's parser may refuse earlier than we do. */
  readonly status: number | readonly number[];
  readonly label: string | readonly string[];
}

const methods: readonly Malformed[] = [
  ...['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND'].map((method) => ({
    name: `method ${method}`,
    bytes: http1(good, { method }),
    status: 403,
    label: 'invalid-endpoint',
  })),
  {
    name: 'a method that does not exist',
    bytes: http1(good, { method: 'FROB' }),
    status: 400,
    label: 'bad-request',
  },
];

const pathCases: readonly (readonly [name: string, path: string, status: number, label: string])[] = [
  ['the root', '/', 404, 'no-endpoint'],
  ['only slashes', '///', 404, 'no-endpoint'],
  ['no segments after rpc', '/rpc', 404, 'no-endpoint'],
  ['an empty segment after rpc', '/rpc/', 404, 'no-endpoint'],
  ['no component', '/rpc/b.example.com', 404, 'no-endpoint'],
  ['no RPC', '/rpc/b.example.com/brig', 404, 'no-endpoint'],
  ['an empty RPC', '/rpc/b.example.com/brig/', 400, 'invalid-endpoint'],
  ['an extra segment', `${good}/more`, 404, 'no-endpoint'],
  ['a trailing slash', `${good}/`, 404, 'no-endpoint'],
  ['a doubled slash', '/rpc//b.example.com/brig/x', 404, 'no-endpoint'],
  ['an empty domain', '/rpc//brig/x', 400, 'invalid-domain'],
  ['a federation path', '/federation/brig/api-version', 404, 'no-endpoint'],
  ['an internal path', '/i/users', 404, 'no-endpoint'],
  ['plain dots', '/rpc/b.example.com/brig/../i/users', 404, 'no-endpoint'],
  ['dots for the RPC', '/rpc/b.example.com/brig/..', 400, 'invalid-endpoint'],
  ['encoded dots', '/rpc/b.example.com/brig/%2e%2e', 400, 'invalid-endpoint'],
  ['dots encoded twice', '/rpc/b.example.com/brig/%252e%252e', 400, 'invalid-endpoint'],
  ['overlong dots', '/rpc/b.example.com/brig/%c0%ae%c0%ae', 400, 'invalid-endpoint'],
  ['an encoded slash', '/rpc/b.example.com/brig/..%2Fi%2Fusers', 400, 'invalid-endpoint'],
  ['an encoded NUL', '/rpc/b.example.com/brig/x%00', 400, 'invalid-endpoint'],
  ['a percent sign alone', '/rpc/b.example.com/brig/x%', 400, 'invalid-endpoint'],
  ['an absolute URL', `http://b.example.com${good}`, 404, 'no-endpoint'],
  ['a query', `${good}?key=value`, 403, 'invalid-endpoint'],
  ['an empty query', `${good}?`, 403, 'invalid-endpoint'],
  ['a query of brackets', `${good}?bar[]=baz`, 403, 'invalid-endpoint'],
  ['a fragment', `${good}#part`, 400, 'invalid-endpoint'],
  ['an unknown component', '/rpc/b.example.com/mast/x', 400, 'unknown-component'],
  ['an upper-case component', '/rpc/b.example.com/Brig/x', 400, 'unknown-component'],
  ['an inherited name as component', '/rpc/b.example.com/__proto__/x', 400, 'unknown-component'],
  ['a semicolon in the RPC', '/rpc/b.example.com/brig/x;y', 400, 'invalid-endpoint'],
  ['a star as RPC', '/rpc/b.example.com/brig/*', 400, 'invalid-endpoint'],
  ['a non-ASCII letter in the RPC', '/rpc/b.example.com/brig/%C3%A9', 400, 'invalid-endpoint'],
  ['an RPC of 8 KiB of dots', `/rpc/b.example.com/brig/${'.'.repeat(8192)}`, 400, 'invalid-endpoint'],
  ['a single-label domain', '/rpc/localhost/brig/x', 400, 'invalid-domain'],
  ['an IP address', '/rpc/127.0.0.1/brig/x', 400, 'invalid-domain'],
  ['a domain with a port', '/rpc/b.example.com:8443/brig/x', 400, 'invalid-domain'],
  ['a domain with a trailing dot', '/rpc/b.example.com./brig/x', 400, 'invalid-domain'],
  ['a domain with an underscore', '/rpc/b_b.example.com/brig/x', 400, 'invalid-domain'],
  ['a U-label', '/rpc/b%C3%BC.example.com/brig/x', 400, 'invalid-domain'],
  ['a domain with credentials', '/rpc/u:p@b.example.com/brig/x', 400, 'invalid-domain'],
  ['a domain of 300 characters', `/rpc/${'a.'.repeat(148)}example/brig/x`, 400, 'invalid-domain'],
  ['a label of 64 characters', `/rpc/${'a'.repeat(64)}.example.com/brig/x`, 400, 'invalid-domain'],
  ['a wildcard domain', '/rpc/*.example.com/brig/x', 400, 'invalid-domain'],
];

const bare = (lines: readonly string[], body = '[]') =>
  Buffer.from(`POST ${good} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');

const origins: readonly Malformed[] = [
  ['of another backend', 'c.example.com'],
  ['of the target', 'b.example.com'],
  ['that is empty', ''],
  ['that is the infrastructure domain', 'wire.a.example.com'],
  ['with a trailing dot', 'a.example.com.'],
  ['with a port', 'a.example.com:443'],
  ['that is a list', 'a.example.com, b.example.com'],
  ['of 4 KiB', 'a.'.repeat(2048)],
  ['with a NUL escape', 'a.example.com%00'],
  ['that is not ASCII', 'ä.example.com'],
].map(([name, value]) => ({
  name: `an origin domain ${name}`,
  bytes: bare(['Host: f', `Wire-Origin-Domain: ${value}`, 'Content-Length: 2']),
  status: 400,
  label: 'invalid-origin-domain',
}));

const headers: readonly Malformed[] = [
  ...origins,
  {
    name: 'two origin domains',
    bytes: http1(good, { headers: ['Wire-Origin-Domain: a.example.com'] }),
    status: 400,
    label: 'invalid-origin-domain',
  },
  {
    name: '200 headers',
    bytes: http1(good, { headers: Array.from({ length: 200 }, (_, index) => `X-${index}: y`) }),
    status: 431,
    label: 'headers-too-large',
  },
  {
    name: 'headers of 80 KiB',
    bytes: http1(good, { headers: [`X-Big: ${'y'.repeat(80 * 1024)}`] }),
    status: 431,
    label: 'headers-too-large',
  },
  {
    name: 'a length that is no number',
    bytes: bare(['Host: f', 'Content-Length: many']),
    status: 400,
    label: 'bad-request',
  },
  {
    name: 'a negative length',
    bytes: bare(['Host: f', 'Content-Length: -2']),
    status: 400,
    label: 'bad-request',
  },
  {
    name: 'two lengths that differ',
    bytes: bare(['Host: f', 'Content-Length: 2', 'Content-Length: 20']),
    status: 400,
    label: 'bad-request',
  },
  {
    name: 'a length and chunks',
    bytes: bare(['Host: f', 'Content-Length: 2', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
    status: 400,
    label: 'bad-request',
  },
  {
    name: 'a header without a colon',
    bytes: bare(['Host: f', 'nonsense']),
    status: 400,
    label: 'bad-request',
  },
  { name: 'a NUL in a header', bytes: bare(['Host: f', 'X: a\0b']), status: 400, label: 'bad-request' },
  {
    name: 'a folded header',
    bytes: bare(['Host: f', 'X: a', ' b', 'Content-Length: 2', 'Bad Name: x']),
    status: 400,
    label: 'bad-request',
  },
  { name: 'no HTTP at all', bytes: 'hello there\r\n\r\n', status: 400, label: 'bad-request' },
  {
    name: 'a TLS handshake',
    bytes: Buffer.from('16030100c8010000c40303', 'hex'),
    status: 400,
    label: 'bad-request',
  },
  {
    name: 'an odd session number',
    bytes: http1(good, { headers: ['Crosswire-Session: lost'] }),
    status: 400,
    label: 'bad-request',
  },
];

describe('R3 outward: malformed calls', () => {
  let wire: WireRig;
  before(async () => {
    wire = await openWireRig();
  });
  after(() => wire[Symbol.asyncDispose]());

  function assertRefused(answer: WireAnswer, status: Malformed['status'], label: Malformed['label']): void {
    assert.ok([status].flat().includes(answer.status), `${answer.status}: ${answer.body}`);
    const error = errorOf(answer);
    assert.equal(error.code, answer.status);
    assert.ok([label].flat().includes(error.label), error.label);
    assert.ok(error.message.length > 10, error.message);
    assert.equal(wire.peer.requests.length, 0);
    assert.equal(wire.peer.opened.count, 0);
  }

  for (const { name, bytes, status, label } of [...methods, ...headers]) {
    test(`${name} is refused with ${status}`, async () => {
      assertRefused(await sendRaw(wire.listener.port, bytes), status, label);
    });
  }

  for (const [name, path, status, label] of pathCases) {
    test(`path: ${name} is refused with ${status}`, async () => {
      assertRefused(await sendRaw(wire.listener.port, http1(path)), status, label);
    });
    test(`path over HTTP/2: ${name} is refused with ${status}`, async () => {
      const answer = await sendHttp2(wire.listener.url, { ':path': path });
      // Characters that RFC 9113 forbids in a path end the stream before there is a request.
      if (answer.status === 0) assert.equal(wire.peer.requests.length, 0);
      else assertRefused(answer, status, label);
    });
  }

  test('200 headers over HTTP/2 are refused with 431', async () => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`x-${index}`, 'y']));
    assertRefused(await sendHttp2(wire.listener.url, { ':path': good, ...many }), 431, 'headers-too-large');
  });
});

const bodies: readonly (readonly [name: string, body: string | Buffer])[] = [
  ['empty', ''],
  ['truncated JSON', '{"a":'],
  ['a NUL', '{"a":"\0"}'],
  ['a byte order mark', '\uFEFF[]'],
  ['text after the value', '[] x'],
  ['NaN', 'NaN'],
  ['a number without bounds', '1e99999'],
  ['duplicate keys', '{"a":1,"a":2}'],
  ['a lone surrogate', '"\\ud800"'],
  ['a depth of 10,000', `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
  ['invalid UTF-8', Buffer.from([0xff, 0xfe, 0x00, 0x80])],
  ['prototype keys', '{"__proto__":{"admin":true}}'],
  ['a gzip header', Buffer.from('1f8b0800000000000003', 'hex')],
  ['another HTTP request', 'POST /rpc/c.example.com/brig/x HTTP/1.1\r\nHost: x\r\n\r\n'],
];

describe('R3 outward: bodies arrive unchanged, whatever they hold', () => {
  for (const [name, body] of bodies) {
    test(`a body with ${name}, over both protocols, whole and in chunks`, async () => {
      await using wire = await openWireRig();
      const sent = Buffer.from(body);
      const overHttp1 = await sendRaw(wire.listener.port, http1(good, { body: sent }));
      const overHttp2 = await sendHttp2(wire.listener.url, { ':path': good }, sent);
      const chunked = Buffer.concat([
        Buffer.from(`POST ${good} HTTP/1.1\r\nHost: f\r\nTransfer-Encoding: chunked\r\n\r\n`),
        ...[...sent.subarray(0, 3)].map((byte) =>
          Buffer.concat([Buffer.from('1\r\n'), Buffer.from([byte]), Buffer.from('\r\n')]),
        ),
        sent.length > 3
          ? Buffer.concat([
              Buffer.from(`${(sent.length - 3).toString(16)}\r\n`),
              sent.subarray(3),
              Buffer.from('\r\n'),
            ])
          : Buffer.alloc(0),
        Buffer.from('0\r\n\r\n'),
      ]);
      const inChunks = await sendRaw(wire.listener.port, chunked);
      assert.deepEqual([overHttp1.status, overHttp2.status, inChunks.status], [200, 200, 200]);
      assert.deepEqual(wire.bodies, [sent, sent, sent]);
    });
  }
});

const answer =
  (status: number, body: string | Buffer, more: Record<string, string> = {}): StreamHandler =>
  (stream) => {
    stream.respond({ ':status': status, ...more });
    stream.end(body);
  };

interface BadAnswer {
  readonly name: string;
  readonly handler: StreamHandler;
  readonly status: number;
  readonly label: string;
  readonly inner?: unknown;
}

const text = (code: number, message: string) => ({ code, label: 'unknown-error', message });

const answers: readonly BadAnswer[] = [
  {
    name: 'an error object',
    handler: answer(403, '{"code":403,"label":"authentication-failure","message":"no name"}'),
    status: 533,
    label: 'federation-remote-error',
    inner: { code: 403, label: 'authentication-failure', message: 'no name' },
  },
  ...[
    ['HTML', 502, '<html>Bad Gateway</html>'],
    ['an error object whose code is a string', 400, '{"code":"400","label":"x","message":"y"}'],
    ['an error object without a label', 400, '{"code":400,"message":"y"}'],
    ['null', 500, 'null'],
    ['a list', 500, '[1,2]'],
    ['a string', 500, '"server-error"'],
    ['truncated JSON', 500, '{"code":500,'],
    ['nothing', 404, ''],
    ['deep nesting', 500, '['.repeat(30_000)],
  ].map(([name, code, body]) => ({
    name: `${name} with ${code}`,
    handler: answer(Number(code), String(body)),
    status: 533,
    label: 'federation-remote-error',
    inner: text(Number(code), String(body)),
  })),
  {
    name: 'an error body of 1 MiB',
    handler: answer(500, 'x'.repeat(1024 * 1024)),
    status: 533,
    label: 'federation-remote-error',
    inner: text(500, 'x'.repeat(64 * 1024)),
  },
  {
    name: 'invalid UTF-8',
    handler: answer(500, Buffer.from([0xff])),
    status: 533,
    label: 'federation-remote-error',
    inner: text(500, '\uFFFD'),
  },
  ...['NO_ERROR', 'PROTOCOL_ERROR', 'INTERNAL_ERROR', 'CANCEL', 'ENHANCE_YOUR_CALM'].map((code) => ({
    name: `a reset with ${code}`,
    handler: ((stream) => stream.close(constants[`NGHTTP2_${code}` as 'NGHTTP2_CANCEL'])) as StreamHandler,
    status: 533,
    label: 'federation-http2-error',
  })),
  {
    name: 'GOAWAY with an error',
    handler: (stream) => stream.session?.goaway(constants.NGHTTP2_PROTOCOL_ERROR),
    status: 533,
    label: 'federation-http2-error',
  },
  {
    name: 'a closed connection',
    handler: (stream) => stream.session?.socket && stream.session.destroy(),
    status: 521,
    label: 'federation-connection-refused',
  },
  {
    name: '300 headers',
    handler: answer(
      200,
      '[]',
      Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`x-${index}`, 'y'])),
    ),
    status: 533,
    label: 'federation-http2-error',
  },
];

test('R3 outward: a body that breaks off on its way cuts the call off at the remote', async () => {
  await using wire = await openWireRig();
  const head = `POST ${good} HTTP/1.1\r\nHost: f\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const answer = await sendRaw(wire.listener.port, `${head}2\r\n[]\r\nzz\r\n`);
  assert.equal(answer.status, 400);
  assert.equal(errorOf(answer).label, 'bad-request');
  await until('the stream at the remote to end', () =>
    wire.rig.pool.status(remote).every(({ sessions }) => sessions.every(({ streams }) => streams === 0)),
  );
  assert.deepEqual(wire.bodies, []);
});

describe('R3 outward: malformed answers of a remote', () => {
  for (const { name, handler, status, label, inner } of answers) {
    test(`${name} is answered with ${status} ${label}`, async () => {
      await using wire = await openWireRig({ handler });
      const { status: got, body } = await sendWhole(wire.rig, 'x');
      assert.equal(got, status, JSON.stringify(body).slice(0, 300));
      assert.equal(body.label, label);
      assert.equal(body.code, status);
      assert.deepEqual(body.data, {
        type: 'federation',
        domain: 'wire.b.example.com',
        path: '/federation/brig/x',
      });
      if (inner !== undefined) assert.deepEqual(body.inner, inner);
    });
  }
});
