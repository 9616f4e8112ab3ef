import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { OutgoingHttpHeaders } from 'node:http2';
import { after, before, describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { brigRpcs } from '#contract/federation/brig.ts';
import { serveRpcs } from '#contract/rpc.ts';
import { createDispatcher } from '#contract/rpc-dispatch.ts';
import type { ComponentTransport } from '#contract/rpc-transport.ts';
import {
  type Answer,
  ask,
  authority,
  connectDoor,
  type Door,
  openDoor,
  parseText,
  remoteDomain,
  remoteHost,
  speakHttp2,
} from '../federation/inward-rig.ts';

/**
 * R3 at the inward side: malformed requests of a remote whose certificate is right. What the form already gives away
 * is refused by the federator before any component; what only the body gives away is refused by the dispatcher of the
 * component before any handler. HTTP/1.1 goes out as bytes, so that the malformed really arrives.
 */

interface Refused {
  readonly name: string;
  readonly status: number;
  readonly label: string;
}

interface Http2Case extends Refused {
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Buffer | string;
}

interface Http1Case extends Refused {
  /** The whole request as it goes on the wire. */
  readonly bytes: string | Buffer;
}

const good = '/federation/brig/get-user-by-handle';

/** A request line and headers, with a body of `""`. */
function http1(line: string, headers: readonly string[] = [`Wire-Origin-Domain: ${remoteDomain}`]): string {
  const fields = ['Host: b.example.com', ...headers, 'Content-Length: 2'];
  return `${line}\r\n${fields.join('\r\n')}\r\n\r\n""`;
}

const methods: readonly Http2Case[] = ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'FROBNICATE'].map(
  (method) => ({
    name: `method ${method}`,
    headers: { ':method': method },
    body: '',
    status: 403,
    label: 'invalid-endpoint',
  }),
);

const path = (name: string, text: string, status: number, label: string): Http1Case => ({
  name: `path: ${name}`,
  bytes: http1(`POST ${text} HTTP/1.1`),
  status,
  label,
});

const paths: readonly Http1Case[] = [
  path('root', '/', 404, 'no-endpoint'),
  path('slashes', '///', 404, 'no-endpoint'),
  path('cut short', '/federation/brig', 404, 'no-endpoint'),
  path('empty RPC', '/federation/brig/', 404, 'no-endpoint'),
  path('double slash', '//federation/brig/api-version', 404, 'no-endpoint'),
  path('dots', '/federation/brig/../i/users', 404, 'no-endpoint'),
  path('dots, encoded', '/federation/brig/%2e%2e/i/users', 404, 'no-endpoint'),
  path('dots, encoded twice', '/federation/brig/%252e%252e/i/users', 404, 'no-endpoint'),
  path('dots, overlong', '/federation/brig/%c0%ae%c0%ae/i/users', 404, 'no-endpoint'),
  path('slash, encoded', '/federation/brig/..%2Fi%2Fusers', 400, 'invalid-endpoint'),
  path('NUL, encoded', '/federation/brig/api-version%00', 400, 'invalid-endpoint'),
  path('NUL, plain', '/federation/brig/api\0version', 400, 'bad-request'),
  path('absolute URL', 'http://b.example.com/federation/brig/api-version', 404, 'no-endpoint'),
  path('query', '/federation/brig/api-version?bar[]=baz', 403, 'invalid-endpoint'),
  path('empty query', '/federation/brig/api-version?', 403, 'invalid-endpoint'),
  path('fragment', '/federation/brig/api-version#x', 400, 'invalid-endpoint'),
  path('extra segment', '/federation/brig/too/many/components', 404, 'no-endpoint'),
  path('trailing slash', '/federation/brig/api-version/', 404, 'no-endpoint'),
  path('unknown component', '/federation/mast/get-users', 400, 'unknown-component'),
  path('component in upper case', '/federation/BRIG/api-version', 400, 'unknown-component'),
  path('characters outside the set', '/federation/brig/api.version', 400, 'invalid-endpoint'),
  path('digits outside ASCII', '/federation/brig/api-%D9%A3', 400, 'invalid-endpoint'),
  path('8 KiB', `/federation/brig/${'a'.repeat(8192)}`, 431, 'headers-too-large'),
  path('operations', '/i/users', 404, 'no-endpoint'),
  path('operations that the plain listener has', '/i/metrics', 404, 'no-endpoint'),
];

const origin = (name: string, headers: readonly string[], label: string): Http1Case => ({
  name: `headers: ${name}`,
  bytes: http1(`POST ${good} HTTP/1.1`, headers),
  status: 400,
  label,
});

const headers: readonly (Http1Case | Http2Case)[] = [
  origin('no origin', [], 'no-origin-domain'),
  origin('origin twice', Array(2).fill(`Wire-Origin-Domain: ${remoteDomain}`), 'domain-parse-error'),
  origin('origin empty', ['Wire-Origin-Domain:'], 'domain-parse-error'),
  origin('origin huge', [`Wire-Origin-Domain: ${'a.'.repeat(2000)}com`], 'domain-parse-error'),
  origin('origin not UTF-8', ['Wire-Origin-Domain: \xff\xfe.example.com'], 'domain-parse-error'),
  {
    ...origin('content encoding', [`Wire-Origin-Domain: ${remoteDomain}`, 'Content-Encoding: gzip'], ''),
    status: 415,
    label: 'unsupported-content-encoding',
  },
  {
    name: 'headers: gzip over HTTP/2',
    headers: { 'content-encoding': 'gzip' },
    body: gzipSync('"bob"'),
    status: 415,
    label: 'unsupported-content-encoding',
  },
  {
    name: 'headers: 200 of them',
    headers: Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`x-${i}`, 'y'])),
    status: 431,
    label: 'headers-too-large',
  },
  {
    name: 'headers: no length and no chunks, a body all the same',
    bytes: `POST ${good} HTTP/1.1\r\nHost: b\r\nWire-Origin-Domain: ${remoteDomain}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
    status: 400,
    label: 'bad-request',
  },
  {
    name: 'headers: length and chunks at once',
    bytes: `POST ${good} HTTP/1.1\r\nHost: b\r\nWire-Origin-Domain: ${remoteDomain}\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    status: 400,
    label: 'bad-request',
  },
  {
    name: 'headers: two lengths',
    bytes: `POST ${good} HTTP/1.1\r\nHost: b\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n""`,
    status: 400,
    label: 'bad-request',
  },
  { name: 'headers: no HTTP at all', bytes: 'EHLO b.example.com\r\n\r\n', status: 400, label: 'bad-request' },
];

const handle = (name: string, body: Buffer | string): Http2Case => ({
  name: `JSON: ${name}`,
  headers: { ':path': good },
  body,
  status: 400,
  label: 'bad-request',
});

const syntax: readonly Http2Case[] = [
  handle('empty', ''),
  handle('truncated', '"bo'),
  handle('NUL', '"bo\0b"'),
  handle('byte order mark', '\ufeff"bob"'),
  handle('trailing text', '"bob" x'),
  handle('NaN', 'NaN'),
  handle('lone surrogate', '"\\ud800bob"'),
  handle('not UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22])),
  handle('nested 100,000 deep', '['.repeat(100_000)),
  handle('two values', '"bob""bob"'),
];

const search = (name: string, body: unknown): Http2Case => ({
  name: `schema: ${name}`,
  headers: { ':path': '/federation/brig/search-users' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
  status: 400,
  label: 'bad-request',
});
const ids = (name: string, body: unknown): Http2Case => ({
  name: `schema: ${name}`,
  headers: { ':path': '/federation/brig/get-users-by-ids' },
  body: JSON.stringify(body),
  status: 400,
  label: 'bad-request',
});

const schema: readonly Http2Case[] = [
  search('missing field', {}),
  search('wrong type', { term: 7 }),
  search('null', { term: null }),
  search('a list for an object', []),
  search('bad team id', { term: 'x', from: 'not-a-uuid' }),
  search('bad element', { term: 'x', onlyInTeams: ['nope'] }),
  search('a big number for text', '{"term":1e999}'),
  ids('an object for a list', {}),
  ids('bad UUID', ['00000000-0000-0000-0000-00000000000g']),
  ids('qualified id where a bare one is due', [{ domain: 'c.example.com', id: 'x' }]),
  ids('mixed list', ['d389b370-5f7d-4efd-9f9a-8d525540ad93', null]),
  { ...handle('handle in upper case', '"BOB"'), name: 'schema: handle in upper case' },
  { ...handle('handle of one character', '"b"'), name: 'schema: handle of one character' },
  { ...handle('prototype key', '{"__proto__":{"x":1}}'), name: 'identity: __proto__ for a handle' },
  search('prototype key', '{"term":"x","__proto__":{"admin":true}}'),
];

const unknown: readonly Http2Case[] = [
  {
    name: 'an RPC that no component has',
    headers: { ':path': '/federation/brig/no-such-rpc' },
    status: 404,
    label: 'no-endpoint',
  },
  {
    name: 'an RPC of another component',
    headers: { ':path': '/federation/galley/get-user-by-handle' },
    status: 404,
    label: 'no-endpoint',
  },
];

describe('R3 malformed requests at the inward side', () => {
  let door: Door;
  /** Requests that the dispatcher let through to a handler. */
  let handled = 0;
  let dispatcher: ComponentTransport;
  const shown = authority.issue({ names: [remoteHost] });

  before(async () => {
    door = await openDoor();
    const count = (answer: unknown) => () => {
      handled += 1;
      return Promise.resolve(answer as never);
    };
    dispatcher = createDispatcher(
      serveRpcs(brigRpcs, {
        apiVersion: count({ supported: [0, 1] }),
        getUserByHandle: count(null),
        getUsersByIds: count([]),
        searchUsers: count({ contacts: [], searchPolicy: 'no_search' }),
        claimPrekey: count(null),
        claimPrekeyBundle: count({}),
        claimMultiPrekeyBundle: count({}),
        getUserClients: count({}),
        getMlsClients: count([]),
        claimKeyPackages: count(null),
        sendConnectionAction: count({ tag: 'NewConnectionResponseOk', contents: null }),
        getNotFullyConnectedBackends: count({ non_connected_backends: [] }),
        onUserDeletedConnections: count({}),
      }),
      {
        onBug: (error) => {
          throw error;
        },
      },
    );
    door.components.answer = (request) => dispatcher.send(request);
  });

  after(() => door[Symbol.asyncDispose]());

  async function send(one: Http1Case | Http2Case): Promise<Answer> {
    if ('bytes' in one) return sendBytes(door.ingress.port, shown, one.bytes);
    const session = speakHttp2(await connectDoor(door.ingress.port, shown));
    try {
      return await ask(session, one.headers, one.body);
    } finally {
      session.destroy();
    }
  }

  async function mustRefuse(one: Http1Case | Http2Case): Promise<void> {
    const answer = await send(one);
    assert.equal(answer.status, one.status, answer.text);
    assert.equal(answer.body.label, one.label, answer.text);
    assert.equal(answer.body.code, one.status);
    assert.equal(answer.contentType, 'application/json');
    assert.ok((answer.body.message ?? '').length < 1000, 'the message is bounded');
  }

  for (const one of [...methods, ...paths, ...headers]) {
    it(`refuses before any component: ${one.name}`, async () => {
      const seen = door.components.seen.length;
      await mustRefuse(one);
      assert.equal(door.components.seen.length, seen, 'no component was called');
    });
  }

  for (const one of [...syntax, ...schema, ...unknown]) {
    it(`refuses before any handler: ${one.name}`, async () => {
      const before = handled;
      await mustRefuse(one);
      assert.equal(handled, before, 'no handler was called');
    });
  }

  it('takes what is odd but harmless: content types, version headers, unknown fields, duplicate keys', async () => {
    const before = handled;
    const session = speakHttp2(await connectDoor(door.ingress.port, shown));
    const search = { ':path': '/federation/brig/search-users' };
    const odd: readonly (readonly [headers: OutgoingHttpHeaders, body: string])[] = [
      [{ ':path': good, 'content-type': 'text/xml; charset=ebcdic' }, '"bob"'],
      [{ ':path': good, 'x-wire-api-version': 'minus one' }, '"bob"'],
      [{ ':path': good, 'wire-origin-request-id': '\x7f'.repeat(300) }, '"bob"'],
      [{ ':path': good, 'wire-origin-domain': remoteDomain.toUpperCase() }, '"bob"'],
      [search, '{"term":"bob","extra":1,"term":"bob"}'],
    ];
    for (const [headers, body] of odd) assert.equal((await ask(session, headers, body)).status, 200, body);
    assert.equal(handled, before + odd.length);
    const last = door.components.seen.slice(-odd.length);
    assert.ok(
      last.every(({ requestId, originDomain }) => requestId.length <= 128 && originDomain === remoteDomain),
    );
    session.destroy();
  });

  it('holds no memory after a hundred repeats of each', async () => {
    const session = speakHttp2(await connectDoor(door.ingress.port, shown));
    const repeated = [...methods, ...syntax, ...schema].filter(({ body }) => (body?.length ?? 0) < 1000);
    const round = async (times: number) => {
      for (let i = 0; i < times; i++) {
        await Promise.all(repeated.map((one) => ask(session, one.headers, one.body)));
      }
      door.components.seen.length = 0;
      return heapUsed();
    };
    const before = await round(20);
    const grown = (await round(100)) - before;
    assert.ok(grown < 5 * 1024 * 1024, `the heap grew by ${grown} bytes`);
    session.destroy();
  });
});

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}

/** Sends bytes over TLS and reads the one answer to its end. */
async function sendBytes(
  port: number,
  shown: Parameters<typeof connectDoor>[1],
  bytes: string | Buffer,
): Promise<Answer> {
  const socket = await connectDoor(port, shown, { alpn: ['http/1.1'] });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    if (isWhole(Buffer.concat(chunks).toString('latin1'))) socket.destroy();
  });
  socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  await once(socket, 'close');
  const text = Buffer.concat(chunks).toString('utf8');
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const contentType = /^content-type: *(.*)$/im.exec(head)?.[1];
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]), contentType, ...parseText(body) };
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  const length = /^content-length: *(\d+)/im.exec(text)?.[1];
  return end !== -1 && length !== undefined && text.length >= end + 4 + Number(length);
}
