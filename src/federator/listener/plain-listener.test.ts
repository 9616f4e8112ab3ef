import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { test } from 'node:test';
import { refuse } from '#contract/refusal.ts';
import type { HttpHandler } from './http-request.ts';
import { openPlainListener } from './plain-listener.ts';

const open = (handler: HttpHandler) => openPlainListener({ host: '127.0.0.1', port: 0, handler });

async function post(url: string, body: string | Buffer, headers: Record<string, string> = {}) {
  const session = connect(url);
  const stream = session.request({ ':method': 'POST', ':path': '/x', ...headers });
  stream.end(body);
  const [head] = (await once(stream, 'response')) as [{ ':status'?: number }];
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  session.destroy();
  return { status: head[':status'], body: Buffer.concat(chunks).toString('utf8') };
}

const later = () => new Promise((resolve) => setImmediate(resolve));

test('a body is read whole, however long the handler thought before it asked for it', async () => {
  await using listener = await open(async (request) => {
    await later();
    await later();
    const body = await request.readAll(1000);
    request.respond(200, {}, `${request.protocol} ${body.length}`);
  });
  for (const body of ['', 'x', 'x'.repeat(1000)]) {
    assert.deepEqual(await post(listener.url, body), { status: 200, body: `h2 ${body.length}` });
    const overHttp1 = await fetch(`${listener.url}/x`, { method: 'POST', body });
    assert.equal(await overHttp1.text(), `http/1.1 ${body.length}`);
  }
});

test('a refusal that a handler throws is its answer, and any other error is told to nobody', async () => {
  await using listener = await open((request) => {
    if (request.headers['x-how'] === 'refusal')
      throw refuse('not-found', { message: 'There is no such thing' });
    throw new Error('secret detail');
  });
  const refused = await post(listener.url, '', { 'x-how': 'refusal' });
  assert.deepEqual(refused, {
    status: 404,
    body: '{"code":404,"label":"not-found","message":"There is no such thing"}',
  });
  const failed = await post(listener.url, '');
  assert.equal(failed.status, 500);
  assert.doesNotMatch(failed.body, /secret/);
});

test('a caller that takes its answer is not reported as gone, one that leaves is, once', async () => {
  const gone: string[] = [];
  let arrived: (() => void) | undefined;
  await using listener = await open((request) => {
    const how = String(request.headers['x-how']);
    request.onAbandoned(() => gone.push(how));
    if (how === 'stays') request.respond(200, {}, 'answer');
    arrived?.();
  });
  await post(listener.url, 'x', { 'x-how': 'stays' });
  const waiting = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const session = connect(listener.url);
  session.on('error', () => undefined);
  const stream = session.request({ ':method': 'POST', ':path': '/x', 'x-how': 'leaves' });
  stream.on('error', () => undefined);
  stream.end('x');
  await waiting;
  session.destroy();
  while (gone.length === 0) await later();
  assert.deepEqual(gone, ['leaves']);
});

test('a body that breaks off is never taken for a whole one', async () => {
  const outcomes: string[] = [];
  await using listener = await open(async (request) => {
    outcomes.push(
      await request.readAll(1000).then(
        (body) => `whole ${body.length}`,
        (error: Error) => error.message,
      ),
    );
  });
  const session = connect(listener.url);
  session.on('error', () => undefined);
  const stream = session.request({ ':method': 'POST', ':path': '/x' });
  stream.on('error', () => undefined);
  stream.write('half');
  await later();
  stream.destroy(new Error('changed my mind'));
  while (outcomes.length === 0) await later();
  session.destroy();
  assert.deepEqual(outcomes, ['The body ended before it was whole']);
});

test('what Node would answer without a body, or not at all, is refused like anything else and never handled', async () => {
  let handled = 0;
  await using listener = await open((request) => {
    handled += 1;
    request.respond(200, {}, 'handled');
  });
  const refused = {
    'GET /x HTTP/1.1\r\n\r\n': [400, 'bad-request', /no Host header/],
    'POST /x HTTP/1.1\r\nHost: x\r\nExpect: wonders\r\nContent-Length: 0\r\n\r\n': [
      400,
      'bad-request',
      /wonders/,
    ],
    'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n': [403, 'invalid-endpoint', /CONNECT/],
  } as const;
  for (const [request, [status, label, message]] of Object.entries(refused)) {
    const [head = '', body = ''] = (await sendRaw(listener.port, request)).split('\r\n\r\n');
    assert.match(head, new RegExp(`^HTTP/1.1 ${status} `));
    const error: unknown = JSON.parse(body);
    assert.deepEqual(error, { code: status, label, message: (error as { message: string }).message });
    assert.match((error as { message: string }).message, message);
  }
  assert.equal(handled, 0);
  assert.match(await sendRaw(listener.port, 'GET /x HTTP/1.0\r\n\r\n'), /handled$/, 'HTTP/1.0 had no Host');
});

/** What comes back on a socket until its first whole answer, or until it ends. */
async function sendRaw(port: number, request: string): Promise<string> {
  const socket = connectTcp(port, '127.0.0.1');
  socket.write(request);
  let answer = '';
  for await (const chunk of socket) {
    answer += String(chunk);
    const length = /content-length: (\d+)/i.exec(answer)?.[1];
    const body = answer.split('\r\n\r\n')[1];
    if (length !== undefined && body?.length === Number(length)) break;
  }
  socket.destroy();
  return answer;
}
