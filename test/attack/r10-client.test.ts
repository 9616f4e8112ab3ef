import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { ErrorBody } from '#contract/refusal.ts';
import { openClientSurface, type RawRequest, rawRequest, sendRaw } from './client-surface.ts';

/**
 * R10 on the client API: what is too large is refused by 413 or 431 (or 400 where the size is inside a small
 * body) before more than the limit and 64 KiB were read, and no handler runs.
 */

const limit = 1024 * 1024;
const slack = 64 * 1024;
/** The refusal is made within the slack; until it holds back the socket, Node has taken up to two buffers more. */
const readAhead = 2 * 64 * 1024;

interface Oversize {
  readonly name: string;
  readonly request: RawRequest;
  /** Goes on sending this until the answer comes. */
  readonly endless?: string;
  readonly status: number;
  readonly label: string;
}

const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
const put = (body: string | Uint8Array, ...headers: readonly string[]): RawRequest => ({
  method: 'PUT',
  path: '/v5/self',
  body,
  headers,
});
const tooLarge = { status: 413, label: 'body-too-large' } as const;
const headersTooLarge = { status: 431, label: 'headers-too-large' } as const;
const wrong = { status: 400, label: 'bad-request' } as const;

/** A JSON object of exactly this many bytes. */
function jsonOf(bytes: number): string {
  const frame = '{"name":"Alice","more":""}';
  return frame.replace('""', `"${'m'.repeat(bytes - frame.length)}"`);
}

const cases: readonly Oversize[] = [
  { name: 'a body one byte over', request: put(jsonOf(limit + 1)), ...tooLarge },
  {
    name: 'a body a hundred times over',
    request: put('{', `Content-Length: ${100 * limit}`),
    endless: ' '.repeat(0x10000),
    ...tooLarge,
  },
  { name: '10 GB announced', request: put('{', 'Content-Length: 10000000000'), ...tooLarge },
  {
    name: '10 GB announced, asking first',
    request: put('', 'Content-Length: 10000000000', 'Expect: 100-continue'),
    ...tooLarge,
  },
  {
    name: 'chunks without end',
    request: put(chunk, 'Transfer-Encoding: chunked'),
    endless: chunk,
    ...tooLarge,
  },
  {
    name: 'chunks without end for a route without a body',
    request: {
      method: 'DELETE',
      path: '/v5/list-users',
      body: chunk,
      headers: ['Transfer-Encoding: chunked'],
    },
    endless: chunk,
    status: 405,
    label: 'method-not-allowed',
  },
  {
    name: 'a gzip bomb',
    request: put(gzipSync(Buffer.alloc(500 * limit, ' ')), 'Content-Encoding: gzip'),
    ...tooLarge,
  },
  {
    name: 'a small gzip bomb',
    request: put(gzipSync(jsonOf(limit + 1)), 'Content-Encoding: gzip'),
    ...tooLarge,
  },
  { name: '100,000 items', request: put(JSON.stringify({ picture: Array(100_000).fill(0) })), ...wrong },
  {
    name: 'a depth of 10,000',
    request: put(`{"picture":${'['.repeat(10_000)}${']'.repeat(10_000)}}`),
    ...wrong,
  },
  {
    name: 'a text of almost 1 MiB',
    request: put(JSON.stringify({ name: 'n'.repeat(limit - 100) })),
    ...wrong,
  },
  { name: 'a header of 1 MiB', request: { headers: [`X-Huge: ${'h'.repeat(limit)}`] }, ...headersTooLarge },
  {
    name: 'headers without end',
    request: { headers: ['X-A: b'] },
    endless: `X-More: ${'m'.repeat(1000)}\r\n`,
    ...headersTooLarge,
  },
  {
    name: '1,000 cookies',
    request: { headers: Array.from({ length: 1000 }, (_, at) => `Cookie: c${at}=x`) },
    ...headersTooLarge,
  },
  {
    name: 'a path of 60 KiB',
    request: { path: `/v5/${'p'.repeat(60 * 1024)}` },
    status: 431,
    label: 'uri-too-long',
  },
  {
    name: 'a query of 60 KiB',
    request: { path: `/v5/search/contacts?q=${'q'.repeat(60 * 1024)}` },
    status: 431,
    label: 'uri-too-long',
  },
  { name: 'a path of 1 MiB', request: { path: `/v5/${'p'.repeat(limit)}` }, ...headersTooLarge },
  {
    name: 'a chunk with an endless extension',
    request: put(`1;${'e'.repeat(64 * 1024)}`, 'Transfer-Encoding: chunked'),
    endless: 'e'.repeat(0x4000),
    ...tooLarge,
  },
];

describe('R10 requests to the client API that are too large', () => {
  for (const { name, request, endless, status, label } of cases) {
    test(`R10 refuses ${name}`, async () => {
      await using surface = await openClientSurface();
      const bytes = rawRequest(request);
      // The end of the head is held back where the headers are what does not end.
      const sent = name === 'headers without end' ? bytes.subarray(0, -2) : bytes;
      const answer = await sendRaw(surface.port, sent, endless === undefined ? undefined : () => endless);
      assert.equal(answer.status, status, answer.body);
      assert.equal((JSON.parse(answer.body) as ErrorBody).label, label);
      assert.deepEqual(surface.calls, []);
      const read = surface.bytesRead();
      assert.ok(read <= limit + slack + readAhead, `${read} bytes were read`);
    });
  }

  test('R10 accepts a body of exactly the limit, plain and inflated', async () => {
    await using surface = await openClientSurface();
    const plain = await sendRaw(surface.port, rawRequest(put(jsonOf(limit))));
    assert.equal(plain.status, 200, plain.body);
    const zipped = await sendRaw(
      surface.port,
      rawRequest(put(gzipSync(jsonOf(limit)), 'Content-Encoding: gzip')),
    );
    assert.equal(zipped.status, 200, zipped.body);
    assert.equal(surface.calls.length, 2);
  });

  test('R9 refuses a body that drips, with its reason', async () => {
    await using surface = await openClientSurface({ limits: { bodyGraceMs: 50 } });
    const answer = await sendRaw(surface.port, rawRequest(put('{', 'Content-Length: 1000')));
    assert.equal(answer.status, 408);
    assert.equal((JSON.parse(answer.body) as ErrorBody).label, 'request-timeout');
    assert.deepEqual(surface.calls, []);
  });

  test('R9 refuses headers that do not end in time', async () => {
    await using surface = await openClientSurface({ limits: { headersTimeoutMs: 50 } });
    const answer = await sendRaw(surface.port, 'GET /v5/self HTTP/1.1\r\nHost: a.example.com\r\n');
    assert.equal(answer.status, 408);
    assert.equal((JSON.parse(answer.body) as ErrorBody).label, 'request-timeout');
  });
});
