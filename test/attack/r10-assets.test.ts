import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ErrorBody } from '#contract/refusal.ts';
import { type AssetRig, alice, openAssetRig } from '../contract/assets-rig.ts';
import { rawRequest, sendRaw, watchBytesRead } from './client-surface.ts';

/**
 * R10 on uploads: what is too large, or does not end, is refused before more than the limit and 64 KiB were read, and
 * nothing of it stays.
 */

const maxBytes = 1024 * 1024;
const slack = 64 * 1024;
/** The refusal is made within the slack; until it holds back the socket, Node has taken up to two buffers more. */
const readAhead = 2 * 64 * 1024;

const chunked = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const settings = '--x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}\r\n';
const fileOf = (bytes: number) =>
  `--x\r\nContent-Type: application/octet-stream\r\nContent-Length: ${bytes}\r\n\r\n`;
const tooLarge = { status: 413, label: 'client-error' } as const;
const malformed = { status: 400, label: 'client-error' } as const;
const endlessBytes = chunked('x'.repeat(0x10000));

interface Oversize {
  readonly name: string;
  readonly header: string;
  readonly body: string;
  /** Goes on sending this until the answer comes. */
  readonly endless?: string;
  readonly status: number;
  readonly label: string;
}

const inChunks = 'Transfer-Encoding: chunked';
const cases: readonly Oversize[] = [
  { name: '10 GB announced by the request', header: 'Content-Length: 10000000000', body: '--x', ...tooLarge },
  {
    name: '10 GB announced by the second part',
    header: inChunks,
    body: chunked(settings + fileOf(10_000_000_000)),
    endless: endlessBytes,
    ...tooLarge,
  },
  {
    name: 'chunks without end behind the file',
    header: inChunks,
    body: chunked(`${settings}${fileOf(3)}abc\r\n--x--\r\n`),
    endless: endlessBytes,
    ...malformed,
  },
  {
    name: 'a file that goes on beyond what was announced',
    header: inChunks,
    body: chunked(settings + fileOf(maxBytes)),
    endless: endlessBytes,
    ...malformed,
  },
  {
    name: 'a first line without end',
    header: inChunks,
    body: chunked('--'),
    endless: endlessBytes,
    ...malformed,
  },
  {
    name: 'headers of a part without end',
    header: inChunks,
    body: chunked('--x\r\n'),
    endless: chunked('X: y\r\n'.repeat(1_000)),
    ...malformed,
  },
  {
    name: 'settings of 1 GB',
    header: inChunks,
    body: chunked('--x\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n'),
    endless: endlessBytes,
    ...malformed,
  },
];

describe('R10 uploads that are too large', () => {
  let rig: AssetRig;
  before(async () => {
    rig = await openAssetRig({ settings: { maxBytes } });
  });
  after(() => rig[Symbol.asyncDispose]());

  for (const { name, header, body, endless, status, label } of cases)
    test(`R10 refuses ${name}, and keeps nothing of it`, async () => {
      using watch = watchBytesRead();
      const bytes = rawRequest({
        method: 'POST',
        path: '/v5/assets',
        bare: true,
        headers: ['Host: a', `Authorization: Bearer ${alice}`, 'Content-Type: multipart/mixed', header],
        body,
      });
      const port = Number(new URL(rig.url).port);
      const answer = await sendRaw(port, bytes, endless === undefined ? undefined : () => endless);
      assert.deepEqual(
        [answer.status, (JSON.parse(answer.body) as ErrorBody).label],
        [status, label],
        answer.body,
      );
      const read = watch.bytesRead();
      assert.ok(read <= maxBytes + slack + readAhead, `${read} bytes were read`);
      assert.deepEqual([await rig.files(), await rig.rows()], [[], 0]);
    });
});
