import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { FederatorUnreachable } from '#contract/rpc-transport.ts';
import { until } from '#testkit';
import { createHttpTransport, openOutwardListener } from '../../src/federator/outward/index.ts';
import { send, sendWhole, textOf } from './outward-calls.ts';
import { backendDomain, echo, remote, remoteHost, target } from './outward-rig.ts';
import { http1, openWireRig, sendHttp2, sendRaw, type WireRig } from './outward-wire.ts';

const path = '/rpc/b.example.com/brig/get-users-by-ids';

/** One suite for the doors: the same call by function, by HTTP from another process, and as raw bytes. */
const doors = ['in process', 'over HTTP'] as const;

function transportOf(door: (typeof doors)[number], wire: WireRig) {
  return door === 'in process'
    ? { transport: wire.rig.transport, async [Symbol.asyncDispose]() {} }
    : (() => {
        const transport = createHttpTransport({ url: wire.listener.url });
        return { transport, [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose]() };
      })();
}

for (const door of doors) {
  describe(`outward, ${door}`, () => {
    test('a call reaches the remote as the reference says, and its answer comes back', async () => {
      await using wire = await openWireRig();
      await using way = transportOf(door, wire);
      const response = await way.transport.send({
        domain: remote,
        component: 'galley',
        rpc: 'send-message',
        headers: {
          'wire-origin-domain': 'a.example.com',
          'wire-origin-request-id': 'request-17',
          'x-wire-api-version': '1',
          accept: 'application/json',
        },
        body: Buffer.from('{"a":1}'),
      });
      assert.equal(response.status, 200);
      assert.equal(response.headers['content-type'], 'application/json');
      assert.equal(await textOf(response), '{"ok":true}');
      const [received] = wire.peer.requests;
      assert.equal(received?.[':method'], 'POST');
      assert.equal(received?.[':path'], '/federation/galley/send-message');
      assert.equal(received?.[':authority'], remoteHost);
      assert.equal(received?.['wire-origin-domain'], 'a.example.com');
      assert.equal(received?.['wire-origin-request-id'], 'request-17');
      assert.equal(received?.['request-id'], 'request-17');
      assert.equal(received?.['x-wire-api-version'], '1');
      assert.equal(received?.accept, 'application/json');
      assert.deepEqual(wire.bodies, [Buffer.from('{"a":1}')]);
    });

    test('a denied remote is refused before anything is looked up', async () => {
      await using wire = await openWireRig();
      await using way = transportOf(door, wire);
      wire.rig.denied.add(remote);
      wire.rig.discovery.targets.clear();
      const { status, body } = await sendWhole(way, 'x');
      assert.deepEqual([status, body.label], [400, 'federation-denied']);
      assert.match(body.message, /\[b\.example\.com\] not in the federation allow list/);
    });

    test('a remote without SRV record is the refusal of discovery', async () => {
      await using wire = await openWireRig();
      await using way = transportOf(door, wire);
      wire.rig.discovery.targets.clear();
      const { status, body } = await sendWhole(way, 'x');
      assert.deepEqual([status, body.label, body.code], [422, 'invalid-domain', 422]);
    });

    test('an unreachable remote is 521 with the path of the call', async () => {
      await using wire = await openWireRig();
      await using way = transportOf(door, wire);
      const { port } = wire.peer;
      await wire.peer[Symbol.asyncDispose]();
      const { status, body } = await sendWhole(way, 'x');
      assert.deepEqual([status, body.label], [521, 'federation-connection-refused']);
      assert.match(body.message, new RegExp(`wire.b.example.com at 127.0.0.1:${port}: .*ECONNREFUSED`));
      assert.deepEqual(body.data, {
        type: 'federation',
        domain: 'b.example.com',
        path: '/federation/brig/x',
      });
    });

    test('a call under a session number that is gone is answered as lost and never sent', async () => {
      await using wire = await openWireRig();
      await using way = transportOf(door, wire);
      const first = await send(way, 'x');
      assert.equal(typeof first.session, 'number');
      assert.equal(await textOf(first), '{"ok":true}');
      const call = {
        domain: remote,
        component: 'brig',
        rpc: 'x',
        headers: {},
        body: Buffer.from('[]'),
      } as const;
      const same = await way.transport.send({ ...call, session: Number(first.session) });
      assert.equal(same.session, first.session);
      assert.equal(await textOf(same), '{"ok":true}');
      for (const session of wire.peer.sessions) session.destroy();
      await until('the session to be gone', () => wire.rig.pool.status(remote)[0]?.sessions.length === 0);
      const lost = await way.transport.send({ ...call, session: Number(first.session) });
      assert.equal(lost.session, 'lost');
      assert.equal(await textOf(lost), '');
      assert.equal(wire.peer.requests.length, 2);
    });

    test('an answer larger than every buffer comes through whole', async () => {
      const size = 20 * 1024 * 1024;
      const bytes = Buffer.alloc(size, 'abcdefgh');
      await using wire = await openWireRig({
        handler: (stream) => {
          stream.resume();
          stream.respond({ ':status': 200, 'content-type': 'application/octet-stream' });
          stream.end(bytes);
        },
      });
      await using way = transportOf(door, wire);
      const response = await send(way, 'stream-asset');
      const hash = createHash('sha256');
      let received = 0;
      for await (const chunk of response.body) {
        received += chunk.length;
        hash.update(chunk);
      }
      assert.equal(received, size);
      assert.equal(hash.digest('hex'), createHash('sha256').update(bytes).digest('hex'));
    });

    test('an answer that breaks off is an error of its reader, never a short answer', async () => {
      await using wire = await openWireRig({
        handler: (stream) => {
          stream.respond({ ':status': 200 });
          stream.write('half', () => stream.destroy(new Error('broken')));
        },
      });
      await using way = transportOf(door, wire);
      const response = await send(way, 'x');
      await assert.rejects(textOf(response));
    });

    test('a caller that goes away frees the stream at the remote', async () => {
      await using wire = await openWireRig({ handler: () => undefined });
      await using way = transportOf(door, wire);
      const aborter = new AbortController();
      const call = way.transport.send({
        domain: remote,
        component: 'brig',
        rpc: 'x',
        headers: {},
        body: Buffer.from('[]'),
        signal: aborter.signal,
      });
      const settled = call.then(
        () => 'answered',
        () => 'rejected',
      );
      await until('the call to arrive', () => wire.peer.requests.length === 1);
      aborter.abort();
      await until('the stream to be free', () => wire.rig.pool.status(remote)[0]?.sessions[0]?.streams === 0);
      assert.ok(await settled);
    });
  });
}

describe('outward listener', () => {
  test('HTTP/1.1 and HTTP/2 callers get the same answer, chunked or whole', async () => {
    await using wire = await openWireRig();
    const overHttp1 = await sendRaw(wire.listener.port, http1(path));
    const overHttp2 = await sendHttp2(wire.listener.url, { ':path': path });
    assert.deepEqual([overHttp1.status, overHttp2.status], [200, 200]);
    assert.match(overHttp1.body, /\{"ok":true\}/);
    assert.equal(overHttp2.body, '{"ok":true}');
  });

  test('the preface of HTTP/2 is recognised though it comes byte by byte', async () => {
    await using wire = await openWireRig();
    const { connect } = await import('node:net');
    const socket = connect({ port: wire.listener.port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    for (const byte of 'PR') {
      socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.write('I * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    socket.write(Buffer.from('000000040000000000', 'hex'));
    const [frame] = (await once(socket, 'data')) as [Buffer];
    assert.equal(frame[3], 4, 'a SETTINGS frame');
    socket.destroy();
  });

  test('connection headers, the host and a forged certificate are not sent on', async () => {
    await using wire = await openWireRig();
    const headers = [
      'X-SSL-Certificate: forged',
      'Connection: keep-alive, x-private',
      'TE: trailers',
      'X-Kept: yes',
    ];
    assert.equal((await sendRaw(wire.listener.port, http1(path, { headers }))).status, 200);
    const [received] = wire.peer.requests;
    assert.equal(received?.['x-kept'], 'yes');
    for (const name of ['x-ssl-certificate', 'host', 'connection', 'te', 'transfer-encoding']) {
      assert.equal(received?.[name], undefined, name);
    }
  });

  test('a missing request id is made up once and sent under both names', async () => {
    await using wire = await openWireRig();
    await sendRaw(wire.listener.port, http1(path));
    const [received] = wire.peer.requests;
    assert.match(String(received?.['request-id']), /^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    assert.equal(received?.['wire-origin-request-id'], received?.['request-id']);
  });

  test('an upload is passed on as it comes, with back-pressure, and counts as one request', async () => {
    const size = 16 * 1024 * 1024;
    let received = 0;
    let taken = 0;
    await using wire = await openWireRig({
      handler: (stream) => {
        stream.on('data', (chunk: Buffer) => {
          received += chunk.length;
        });
        stream.pause();
        taken = 0;
        stream.on('end', () => {
          stream.respond({ ':status': 200 });
          stream.end();
        });
        // The remote starts to read only when the caller has been held up.
        const wait = setInterval(() => {
          if (taken === sent.written && sent.written > 0) {
            clearInterval(wait);
            stream.resume();
          }
          taken = sent.written;
        }, 50);
      },
    });
    const sent = { written: 0 };
    const session = connectHttp2(wire.listener.url);
    const stream = session.request({ ':method': 'POST', ':path': path });
    const chunk = Buffer.alloc(64 * 1024);
    const pump = () => {
      while (sent.written < size) {
        sent.written += chunk.length;
        if (!stream.write(chunk)) {
          stream.once('drain', pump);
          return;
        }
      }
      stream.end();
    };
    pump();
    const [headers] = (await once(stream, 'response')) as [{ readonly ':status'?: number }];
    assert.equal(headers[':status'], 200);
    assert.equal(received, size);
    session.destroy();
  });

  test('status is well when the inward side is, and alone when asked so', async () => {
    await using wire = await openWireRig();
    let inwardStatus = 200;
    const inward = createServer((request, response) => {
      response.statusCode = request.url === '/i/status?standalone' ? inwardStatus : 404;
      response.end();
    }).listen(0, '127.0.0.1');
    await once(inward, 'listening');
    const inwardUrl = () => `http://127.0.0.1:${(inward.address() as AddressInfo).port}`;
    await using listener = await openOutwardListener({
      host: '127.0.0.1',
      port: 0,
      outward: wire.rig.outward,
      inwardUrl,
    });
    const get = (at: string) => sendRaw(listener.port, `GET ${at} HTTP/1.1\r\nHost: f\r\n\r\n`);
    assert.equal((await get('/i/status')).status, 200);
    const head = await fetch(`http://127.0.0.1:${listener.port}/i/status`, { method: 'HEAD' });
    assert.equal(head.status, 200);
    inwardStatus = 503;
    const ill = await get('/i/status');
    assert.equal(ill.status, 500);
    assert.equal(ill.body, 'external server server responded with status code = 503');
    assert.equal((await get('/i/status?standalone')).status, 200);
    inward.closeAllConnections();
    inward.close();
  });

  test('metrics have the counter of wire-server and a histogram of answers', async () => {
    await using wire = await openWireRig();
    await sendRaw(wire.listener.port, http1(path));
    const { body } = await sendRaw(wire.listener.port, 'GET /i/metrics HTTP/1.1\r\nHost: f\r\n\r\n');
    assert.match(body, /com_wire_federator_outgoing_requests\{target_domain="b\.example\.com"\} \d+/);
    assert.match(body, /http_request_duration_seconds_bucket\{.*listener="outward"/);
    assert.match(body, /crosswire_federator_outgoing_handshakes_total\{outcome="full"\} \d+/);
    assert.match(body, /crosswire_federator_outgoing_sessions 1/);
    assert.match(body, /crosswire_federator_breakers\{state="closed"\} \d+/);
  });

  test('closing lets a call under way end', async () => {
    let answer: (() => void) | undefined;
    const wire = await openWireRig({
      handler: (stream, headers) => {
        answer = () => echo(stream, headers);
      },
    });
    const call = sendRaw(wire.listener.port, http1(path));
    await until('the call to arrive', () => answer !== undefined);
    const closed = wire.listener[Symbol.asyncDispose]();
    answer?.();
    assert.equal((await call).status, 200);
    await closed;
    await wire[Symbol.asyncDispose]();
  });

  test('a port in use is an error that names it', async () => {
    await using wire = await openWireRig();
    const { port } = wire.listener;
    await assert.rejects(
      openOutwardListener({ host: '127.0.0.1', port, outward: wire.rig.outward }),
      new RegExp(`EADDRINUSE.*127\\.0\\.0\\.1:${port}`),
    );
  });
});

test('a federator in another process that is not there rejects the call with its own error', async () => {
  await using wire = await openWireRig();
  const transport = createHttpTransport({ url: wire.listener.url });
  assert.equal(await send({ transport }, 'x').then(textOf), '{"ok":true}');
  await wire.listener[Symbol.asyncDispose]();
  await assert.rejects(send({ transport }, 'x'), (error) => {
    assert.ok(error instanceof FederatorUnreachable);
    assert.match(error.message, new RegExp(`the federator at ${wire.listener.url} did not answer`));
    return true;
  });
  await transport[Symbol.asyncDispose]();
});

test('status tells sessions, breaker and the last failure in words', async () => {
  await using wire = await openWireRig();
  await send({ transport: wire.rig.transport }, 'x').then(textOf);
  const other = backendDomain('c.example.com');
  wire.rig.discovery.targets.set(other, [target('wire.c.example.com', wire.peer.port)]);
  await wire.rig.transport.send({
    domain: other,
    component: 'brig',
    rpc: 'x',
    headers: {},
    body: Buffer.from(''),
  });
  const [b, c] = wire.rig.outward.status();
  assert.equal(b?.breaker, 'closed');
  assert.match(b?.sessions[0]?.endpoint ?? '', /wire\.b\.example\.com at 127\.0\.0\.1/);
  assert.equal(c?.breaker, 'open');
  assert.equal(c?.lastFailure?.label, 'federation-tls-error');
  assert.match(c?.lastFailure?.message ?? '', /expected DNS:wire\.c\.example\.com/);
});
