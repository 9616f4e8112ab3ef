import assert from 'node:assert/strict';
import { createPublicKey, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { createServer, type TLSSocket } from 'node:tls';
import { createSelfSigned, openTestService } from '#testkit';
import { createPinnedCaller } from './pinned-call.ts';

/* What services may answer, and when a call ends that is answered nothing. */

const options = { mayConnect: () => undefined, timeoutMs: 10_000, maxAnswerBytes: 1_000 };
const call = createPinnedCaller(options);

interface RawService extends AsyncDisposable {
  readonly baseUrl: string;
  readonly keys: readonly KeyObject[];
  /** What it was sent first, on each connection. */
  readonly heard: readonly string[];
}

/** A service that takes a connection, and says then what it likes. */
async function openRawService(answer: (socket: TLSSocket) => void): Promise<RawService> {
  const { certificate, key } = createSelfSigned();
  const heard: string[] = [];
  const sockets = new Set<TLSSocket>();
  const server = createServer({ cert: certificate, key }, (socket) => {
    sockets.add(socket);
    // The caller hangs up as soon as it has heard enough.
    socket.on('error', () => socket.destroy());
    socket.once('data', (bytes: Buffer) => {
      heard.push(bytes.toString());
      answer(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `https://127.0.0.1:${port}/api`,
    keys: [createPublicKey(certificate)],
    heard,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** What a service says that never ends the connection itself. */
async function said(text: string) {
  await using service = await openRawService((socket) => socket.write(text));
  return await call({ method: 'GET', path: '/x', ...service });
}

describe('the answer of a service', () => {
  it('is to one request on one connection, behind the path of the service', async () => {
    await using service = await openRawService((socket) => socket.write('HTTP/1.1 204 No Content\r\n\r\n'));
    // A query is no part of where a service is.
    const baseUrl = `${service.baseUrl}/?of=no&use`;
    const target = { ...service, baseUrl, token: 't', body: '{}' };
    for (const path of ['/x', '/y']) {
      const answer = await call({ method: 'POST', path, ...target });
      assert.deepEqual(answer, { reached: true, status: 204, body: Buffer.alloc(0) });
    }
    assert.deepEqual(
      service.heard.map((text) => text.slice(0, text.indexOf('\r\n'))),
      ['POST /api/x HTTP/1.1', 'POST /api/y HTTP/1.1'],
    );
    assert.match(service.heard[0] ?? '', /^authorization: Bearer t\r$/im);
    assert.match(service.heard[0] ?? '', /^connection: close\r$/im);
  });

  it('may be a redirect, which is not followed', async () => {
    await using other = await openTestService();
    const answer = await said(
      `HTTP/1.1 307 Temporary Redirect\r\nlocation: ${other.url}\r\ncontent-length: 0\r\n\r\n`,
    );
    assert.equal(answer.reached && answer.status, 307);
    assert.deepEqual(other.calls, []);
  });

  it('is bounded also when its length is not told', async () => {
    const chunk = `3e8\r\n${'x'.repeat(1_000)}\r\n`;
    const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
    const most = await said(`${head}${chunk}0\r\n\r\n`);
    assert.equal(most.reached && most.body.length, 1_000);
    const more = { reached: false, reason: 'the answer is longer than 1000 bytes' };
    assert.deepEqual(await said(`${head}${chunk}1\r\ny\r\n`), more);
    const headers = await said(`HTTP/1.1 200 OK\r\n${`x: ${'y'.repeat(1_000)}\r\n`.repeat(100)}`);
    assert.match(headers.reached ? '' : headers.reason, /Header overflow/);
  });

  it('is none when it is no HTTP, not whole, or another protocol', async () => {
    const reasonOf = async (text: string) => {
      const answer = await said(text);
      return answer.reached ? '' : answer.reason;
    };
    assert.match(await reasonOf('hello\r\n'), /^Parse Error/);
    assert.equal(
      await reasonOf('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\nno length\r\n'),
      'aborted',
    );
    assert.equal(
      await reasonOf('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n'),
      'the connection was closed before an answer',
    );
    await using brief = await openRawService((socket) => {
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx');
    });
    const answer = await call({ method: 'GET', path: '/x', ...brief });
    assert.deepEqual(answer, { reached: false, reason: 'aborted' });
  });
});

describe('a call that is answered nothing', () => {
  const timedOut = { reached: false, reason: 'The operation was aborted due to timeout' };
  const aborted = { reached: false, reason: 'This operation was aborted' };
  const hasty = createPinnedCaller({ ...options, timeoutMs: 200 });
  const beginning = 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx';

  it('ends after its time, with the connection', async () => {
    for (const text of ['', beginning]) {
      const closed = Promise.withResolvers<void>();
      await using service = await openRawService((socket) => {
        socket.once('close', () => closed.resolve());
        socket.write(text);
      });
      assert.deepEqual(await hasty({ method: 'GET', path: '/x', ...service }), timedOut);
      if (service.heard.length > 0) await closed.promise;
    }
  });

  it('ends when it is not wanted any more, with the connection', async () => {
    for (const text of ['', beginning]) {
      const controller = new AbortController();
      const closed = Promise.withResolvers<void>();
      await using service = await openRawService((socket) => {
        socket.once('close', () => closed.resolve());
        socket.write(text, () => controller.abort());
      });
      const { signal } = controller;
      assert.deepEqual(await call({ method: 'GET', path: '/x', signal, ...service }), aborted);
      await closed.promise;
    }
  });

  it('says nothing when it was never wanted', async () => {
    await using service = await openRawService(() => assert.fail('it was called'));
    const calls = [new URL(service.baseUrl).hostname, 'localhost'].map((host) => {
      const baseUrl = service.baseUrl.replace('127.0.0.1', host);
      return call({ method: 'GET', path: '/x', ...service, baseUrl, signal: AbortSignal.abort() });
    });
    assert.deepEqual(await Promise.all(calls), [aborted, aborted]);
    assert.deepEqual(service.heard, []);
  });
});
