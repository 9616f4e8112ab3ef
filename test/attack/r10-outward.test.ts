import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { send, sendWhole } from '../federation/outward-calls.ts';
import { remote, type StreamHandler } from '../federation/outward-rig.ts';
import { errorOf, http1, openWireRig, sendHttp2, sendRaw } from '../federation/outward-wire.ts';

/** R10 on the outward side: what is larger than its limit is refused before much more than the limit was read. */

const path = '/rpc/b.example.com/brig/x';
const maxBodyBytes = 100_000;

describe('R10 outward: oversize', () => {
  test('a body of exactly the limit arrives, over both protocols', async () => {
    await using wire = await openWireRig({ maxBodyBytes });
    const body = Buffer.alloc(maxBodyBytes, 'x');
    assert.equal((await sendRaw(wire.listener.port, http1(path, { body }))).status, 200);
    assert.equal((await sendHttp2(wire.listener.url, { ':path': path }, body)).status, 200);
    assert.deepEqual(
      wire.bodies.map(({ length }) => length),
      [maxBodyBytes, maxBodyBytes],
    );
  });

  for (const [name, size] of [
    ['one byte over', maxBodyBytes + 1],
    ['a hundred times over', maxBodyBytes * 100],
  ] as const) {
    test(`a body ${name} that is announced is refused before the remote hears of it`, async () => {
      await using wire = await openWireRig({ maxBodyBytes });
      const head = `POST ${path} HTTP/1.1\r\nHost: f\r\nContent-Length: ${size}\r\n\r\n`;
      const answer = await sendRaw(wire.listener.port, head);
      assert.equal(answer.status, 413);
      const error = errorOf(answer);
      assert.equal(error.label, 'body-too-large');
      assert.match(error.message, new RegExp(`${size} bytes.*${maxBodyBytes} bytes allowed`));
      assert.equal(wire.peer.opened.count, 0);
    });

    test(`a body ${name} over HTTP/2 that is not announced is cut off at the limit`, async () => {
      await using wire = await openWireRig({ maxBodyBytes });
      const answer = await sendHttp2(wire.listener.url, { ':path': path }, Buffer.alloc(size));
      assert.equal(answer.status, 413);
      assert.equal(errorOf(answer).label, 'body-too-large');
      assert.deepEqual(wire.bodies, []);
    });
  }

  test('an endless chunked body is cut off soon after the limit', async () => {
    await using wire = await openWireRig({ maxBodyBytes });
    const socket = connect(wire.listener.port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.write(`POST ${path} HTTP/1.1\r\nHost: f\r\nTransfer-Encoding: chunked\r\n\r\n`);
    const chunk = Buffer.from(`1000\r\n${'x'.repeat(4096)}\r\n`);
    const pump = () => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', pump);
    pump();
    await closed(socket);
    assert.match(answer, /^HTTP\/1\.1 413 /);
    assert.match(answer, /body-too-large/);
    assert.deepEqual(wire.bodies, []);
  });

  test('a path of 80 KiB is refused', async () => {
    await using wire = await openWireRig();
    const answer = await sendRaw(
      wire.listener.port,
      http1(`/rpc/b.example.com/brig/${'x'.repeat(80 * 1024)}`),
    );
    assert.equal(answer.status, 431);
    assert.equal(errorOf(answer).label, 'headers-too-large');
  });

  test('a header that never ends is refused once the limit is passed', async () => {
    await using wire = await openWireRig();
    const socket = connect(wire.listener.port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.write(`POST ${path} HTTP/1.1\r\nX-Endless: `);
    const pump = () => {
      while (!socket.destroyed && socket.write('y'.repeat(1024)));
    };
    socket.on('drain', pump);
    pump();
    await closed(socket);
    assert.match(answer, /^HTTP\/1\.1 431 /);
  });

  test('an answer of a remote with headers of 100 KiB is refused', async () => {
    const fields = Object.fromEntries(
      Array.from({ length: 50 }, (_, index) => [`x-${index}`, 'y'.repeat(1200)]),
    );
    await using wire = await openWireRig({
      handler: (stream) => {
        stream.respond({ ':status': 200, ...fields, 'x-last': 'y'.repeat(8_000) });
        stream.end('[]');
      },
    });
    const { status, body } = await sendWhole(wire.rig, 'x');
    assert.equal(status, 533);
    assert.equal(body.label, 'federation-http2-error');
    assert.equal(wire.rig.pool.status(remote)[0]?.breaker, 'closed');
  });
});

describe('R9 outward: slow callers', () => {
  const slow = { bodyGraceMs: 300, headersTimeoutMs: 300, stalledAnswerMs: 300 };

  test('a body that drips is refused with 408', async () => {
    await using wire = await openWireRig({ limits: slow });
    const head = `POST ${path} HTTP/1.1\r\nHost: f\r\nContent-Length: 1000\r\n\r\nx`;
    const answer = await sendRaw(wire.listener.port, head);
    assert.equal(answer.status, 408);
    assert.match(errorOf(answer).message, /too slowly.*expected 1024 a second/);
    assert.deepEqual(wire.bodies, []);
  });

  test('headers that never end are refused with 408', async () => {
    await using wire = await openWireRig({ limits: slow });
    const answer = await sendRaw(wire.listener.port, `POST ${path} HTTP/1.1\r\nHost: f\r\nX:`);
    assert.equal(answer.status, 408);
  });

  test('a socket that says nothing, or only the start of a preface, is closed', async () => {
    await using wire = await openWireRig({ limits: slow });
    for (const start of ['', 'P', 'PR']) {
      const answer = await sendRaw(wire.listener.port, start);
      assert.equal(answer.status, 0);
    }
  });

  test('an answer that nobody takes is cut off, and its stream at the remote with it', async () => {
    let ended = false;
    await using wire = await openWireRig({
      limits: slow,
      handler: (stream) => {
        stream.on('close', () => {
          ended = true;
        });
        stream.respond({ ':status': 200 });
        stream.write(Buffer.alloc(32 * 1024 * 1024));
      },
    });
    const socket = connect(wire.listener.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(http1(path));
    await once(socket, 'readable');
    const session = wire.peer.sessions.values().next().value;
    assert.ok(session);
    while (!ended) await new Promise((resolve) => setTimeout(resolve, 20));
    socket.destroy();
  });

  test('a remote that never answers is given up after its silence, and the stream is freed', async () => {
    await using wire = await openWireRig({ idleTimeoutMs: 200, handler: () => undefined });
    const { status, body } = await sendWhole(wire.rig, 'x');
    assert.equal(status, 533);
    assert.equal(body.label, 'federation-http2-error');
    assert.match(body.message, /wire\.b\.example\.com was silent for 200 ms/);
    assert.equal(wire.rig.pool.status(remote)[0]?.sessions[0]?.streams, 0);
  });

  test('a slow reader is not the silence of the remote, whose whole answer still comes', async () => {
    const size = 1024 * 1024;
    await using wire = await openWireRig({ idleTimeoutMs: 200, handler: filesAndSilence(size, 'ends') });
    const answer = await send(wire.rig, 'file');
    let received = 0;
    for await (const chunk of answer.body) {
      // Another call is given up meanwhile: the remote's silence has lasted longer than this reader may be idle.
      if (received === 0) assert.equal((await sendWhole(wire.rig, 'silence')).status, 533);
      received += chunk.length;
    }
    assert.equal(received, size);
  });

  test('a remote that falls silent within an answer is given up once its reader has all that came', async () => {
    const size = 1024 * 1024;
    await using wire = await openWireRig({ idleTimeoutMs: 200, handler: filesAndSilence(size, 'goes on') });
    const answer = await send(wire.rig, 'file');
    let received = 0;
    await assert.rejects(async () => {
      for await (const chunk of answer.body) {
        if (received === 0) assert.equal((await sendWhole(wire.rig, 'silence')).status, 533);
        received += chunk.length;
      }
    }, /silent for 200 ms/);
    assert.equal(received, size);
  });
});

/** A remote that answers `file` with bytes, after which the answer ends or seems to go on, and all else with nothing. */
function filesAndSilence(size: number, then: 'ends' | 'goes on'): StreamHandler {
  return (stream, headers) => {
    if (!String(headers[':path']).endsWith('/file')) return;
    stream.respond({ ':status': 200, 'content-type': 'application/octet-stream' });
    if (then === 'ends') stream.end(Buffer.alloc(size));
    else stream.write(Buffer.alloc(size));
  };
}

/** `once` would reject with the error that precedes a close. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}
