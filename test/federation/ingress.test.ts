import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ClientHttp2Session } from 'node:http2';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { openIngress } from '../../src/federator/ingress/index.ts';
import {
  ask,
  askOnce,
  authority,
  connectDoor,
  type Door,
  goodHeaders,
  openDoor,
  ownHost,
  remoteDomain,
  remoteHost,
  speakHttp2,
} from './inward-rig.ts';

/** The embedded ingress and the inward side behind it, over real TLS. */

const shown = authority.issue({ names: [remoteHost] });
const json = 'application/json';

async function withSession<T>(door: Door, use: (session: ClientHttp2Session) => Promise<T>): Promise<T> {
  const session = speakHttp2(await connectDoor(door.ingress.port, shown));
  try {
    return await use(session);
  } finally {
    session.destroy();
  }
}

describe('TLS at the ingress', () => {
  let door: Door;
  before(async () => {
    door = await openDoor();
  });
  after(() => door[Symbol.asyncDispose]());

  async function handshake(options: ConnectionOptions): Promise<string> {
    const socket = connectTls({
      host: '127.0.0.1',
      port: door.ingress.port,
      servername: ownHost,
      ca: authority.certificate,
      cert: shown.chain,
      key: shown.key,
      ...options,
    });
    try {
      await once(socket, 'secureConnect');
      return `${socket.getProtocol()} ${socket.getCipher().name} ${socket.alpnProtocol}`;
    } catch (error) {
      return `refused ${(error as NodeJS.ErrnoException).code}`;
    } finally {
      socket.destroy();
    }
  }

  it('offers TLS 1.2 and 1.3 with the suites of the federation API, and nothing weaker', async () => {
    const h2 = { ALPNProtocols: ['h2'] };
    assert.equal(await handshake(h2), 'TLSv1.3 TLS_AES_128_GCM_SHA256 h2');
    assert.equal(
      await handshake({ ...h2, maxVersion: 'TLSv1.2' }),
      'TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384 h2',
    );
    assert.match(await handshake({ ...h2, ciphers: 'TLS_CHACHA20_POLY1305_SHA256' }), /^refused/);
    const weak = { ...h2, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' } as const;
    assert.match(await handshake(weak), /^refused/);
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } as const;
    assert.match(await handshake({ ...h2, ...old }), /^refused/);
  });

  it('speaks HTTP/2, HTTP/1.1 and no other protocol', async () => {
    assert.match(await handshake({ ALPNProtocols: ['h2', 'http/1.1'] }), / h2$/);
    assert.match(await handshake({ ALPNProtocols: ['http/1.1'] }), / http\/1\.1$/);
    assert.match(await handshake({ ALPNProtocols: [] }), / false$/);
    assert.match(await handshake({ ALPNProtocols: ['smtp'] }), /^refused/);
  });

  it('answers HTTP/1.1, several requests on one connection', async () => {
    const socket = await connectDoor(door.ingress.port, shown, { alpn: ['http/1.1'] });
    let text = '';
    const twice = new Promise<void>((resolve) => {
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
        if (text.match(/HTTP\/1\.1 200 /g)?.length === 2) resolve();
      });
    });
    const request = `POST /federation/brig/api-version HTTP/1.1\r\nHost: b\r\nWire-Origin-Domain: ${remoteDomain}\r\nContent-Length: 2\r\n\r\n{}`;
    socket.write(request + request);
    await twice;
    socket.destroy();
    assert.equal(door.components.seen.splice(0).length, 2);
  });

  it('stays up when callers break off, send noise, or send nothing', async () => {
    const { port } = door.ingress;
    for (let i = 0; i < 100; i++) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'connect');
      if (i % 3 === 0) socket.write('GET / HTTP/1.1\r\n\r\n');
      if (i % 3 === 1) socket.write(Buffer.from([0x16, 3, 1, 0x02, 0, 1, 0, 1, 0xfc, 3, 3]));
      if (i % 2 === 0) socket.resetAndDestroy();
      else socket.destroy();
    }
    for (let i = 0; i < 20; i++) {
      const socket = await connectDoor(port, shown);
      const session = speakHttp2(socket);
      const stream = session.request(goodHeaders, { endStream: false });
      stream.on('error', () => {});
      socket.destroy();
    }
    assert.equal((await askOnce(door, shown)).status, 200);
    door.components.seen.length = 0;
  });

  it('refuses to open on a port that is taken', async () => {
    const options = {
      host: '127.0.0.1',
      port: door.ingress.port,
      certificates: { current: {}, onReload() {} } as never,
      certificateRules: { trustServerOnlyCertificates: false },
      inward: door.inward,
    };
    const own = authority.issue({ names: [ownHost] });
    const current = { generation: 1, certificate: own.chain, key: own.key, ca: authority.certificate };
    const certificates = { current, onReload() {}, [Symbol.asyncDispose]: async () => {} };
    await assert.rejects(openIngress({ ...options, certificates }), /EADDRINUSE/);
  });
});

describe('a reload of the own certificate', () => {
  it('serves the new one on new connections and fails no request on old ones', async () => {
    await using door = await openDoor();
    const certificateOf = async () => {
      const socket = await connectDoor(door.ingress.port, shown);
      const { fingerprint256 } = socket.getPeerCertificate();
      socket.destroy();
      return fingerprint256;
    };
    const first = await certificateOf();
    const session = speakHttp2(await connectDoor(door.ingress.port, shown));
    const goaway = once(session, 'goaway');
    assert.equal((await ask(session)).status, 200);
    const own = authority.issue({ names: [ownHost] });
    await door.replace({ cert: own.chain, key: own.key });
    let requests = 1;
    const retired = goaway.then(() => true);
    while (!(await Promise.race([retired, ask(session).then(() => false)]))) requests += 1;
    assert.notEqual(await certificateOf(), first);
    assert.ok(door.components.seen.length >= requests, 'each was answered');
  });
});

describe('what a component is given and what its answer becomes', () => {
  let door: Door;
  before(async () => {
    door = await openDoor({ limits: { componentTimeoutMs: 200 } });
  });
  after(() => door[Symbol.asyncDispose]());

  it('passes origin, ids, version and body, and nothing else', async () => {
    const headers = {
      'wire-origin-domain': 'A.example.COM',
      'wire-origin-request-id': 'request-7',
      'x-wire-api-version': '1',
      'crosswire-delivery-id': 'delivery-7',
      cookie: 'zuid=x',
      authorization: 'Bearer x',
    };
    await withSession(door, (session) => ask(session, headers, '{"a":1}'));
    const [{ body, signal, ...seen } = assert.fail('no request')] = door.components.seen.splice(0);
    assert.deepEqual(seen, {
      component: 'brig',
      rpc: 'api-version',
      originDomain: remoteDomain,
      requestId: 'request-7',
      version: '1',
      deliveryId: 'delivery-7',
    });
    assert.equal(Buffer.from(body).toString(), '{"a":1}');
    assert.equal(signal.aborted, false);
  });

  it('makes a request id when there is none', async () => {
    await withSession(door, (session) => ask(session));
    assert.match(door.components.seen.splice(0)[0]?.requestId ?? '', /^[0-9a-f-]{36}$/);
  });

  const body = (text: string) => Buffer.from(text);
  const error = '{"code":503,"label":"storage-unavailable","message":"later"}';
  const answers: readonly (readonly [
    string,
    () => Promise<unknown> | unknown,
    status: number,
    text: string | RegExp,
  ])[] = [
    ['404 without body', () => ({ status: 404, contentType: undefined, body: body('') }), 404, ''],
    [
      '400 with a JSON error',
      () => ({ status: 400, contentType: json, body: body('{"x":1}') }),
      400,
      '{"x":1}',
    ],
    ['503 with a JSON error', () => ({ status: 503, contentType: json, body: body(error) }), 503, error],
    [
      '500 with text',
      () => ({ status: 500, contentType: 'text/plain', body: body('oops') }),
      500,
      '{"code":500,"label":"server-error","message":"oops"}',
    ],
    ['no component', () => Promise.reject(new Error('ECONNREFUSED 10.0.0.7')), 500, /cannot be reached/],
    ['no answer', () => new Promise(() => {}), 500, /did not answer within 200 ms/],
  ];
  for (const [what, answer, status, text] of answers) {
    it(`answers ${status} for: ${what}`, async () => {
      door.components.answer = answer as never;
      const got = await withSession(door, (session) => ask(session));
      assert.equal(got.status, status);
      if (typeof text === 'string') assert.equal(got.text, text);
      else {
        assert.match(got.text, text);
        assert.equal(got.body.label, 'server-error');
        assert.doesNotMatch(got.text, /10\.0\.0\.7/, 'says nothing of the inside');
      }
    });
  }

  it('streams a large answer with back-pressure, and tells the component when the caller goes away', async () => {
    const chunk = Buffer.alloc(64 * 1024, 'x');
    let produced = 0;
    const ended = Promise.withResolvers<void>();
    door.components.seen.length = 0;
    door.components.answer = () => ({
      status: 200,
      contentType: 'application/octet-stream',
      body: (async function* () {
        try {
          for (;;) {
            produced += chunk.length;
            yield chunk;
          }
        } finally {
          ended.resolve();
        }
      })(),
    });
    const session = speakHttp2(await connectDoor(door.ingress.port, shown));
    const stream = session.request(goodHeaders);
    stream.on('error', () => {});
    stream.end('{}');
    await once(stream, 'response');
    let received = 0;
    while (received < 8 * 1024 * 1024) {
      const data: Buffer | null = stream.read();
      if (data === null) await once(stream, 'readable');
      else received += data.length;
    }
    const held = produced - received;
    assert.ok(held < 8 * 1024 * 1024, `${held} bytes are on their way, unread`);
    session.destroy();
    await ended.promise;
    assert.equal(door.components.seen[0]?.signal.aborted, true);
  });

  it('cuts the stream off when a component fails in the middle of its answer', async () => {
    door.components.answer = () => ({
      status: 200,
      contentType: json,
      body: (async function* () {
        yield Buffer.from('{"half":');
        throw new Error('the store is gone');
      })(),
    });
    await withSession(door, async (session) => {
      const stream = session.request(goodHeaders);
      stream.end('{}');
      const failed = once(stream, 'error');
      stream.resume();
      const [error] = await failed;
      assert.match(String(error), /closed with error code/);
    });
  });
});
