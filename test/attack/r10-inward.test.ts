import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ClientHttp2Session, OutgoingHttpHeaders } from 'node:http2';
import { after, before, describe, it } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import {
  ask,
  authority,
  connectDoor,
  type Door,
  goodHeaders,
  openDoor,
  remoteDomain,
  remoteHost,
  speakHttp2,
} from '../federation/inward-rig.ts';

/** R10 at the inward side: what is too large is refused before much more than the limit was read. */

const limit = 256 * 1024;
const slack = 64 * 1024;
const shown = authority.issue({ names: [remoteHost] });

describe('R10 oversize at the inward side', () => {
  let door: Door;

  before(async () => {
    door = await openDoor({ limits: { requestBytes: limit } });
  });
  after(() => door[Symbol.asyncDispose]());

  async function withSession<T>(use: (session: ClientHttp2Session) => Promise<T>): Promise<T> {
    const session = speakHttp2(await connectDoor(door.ingress.port, shown));
    try {
      return await use(session);
    } finally {
      session.destroy();
    }
  }

  it('takes a body of exactly the limit', async () => {
    const answer = await withSession((session) => ask(session, {}, Buffer.alloc(limit)));
    assert.equal(answer.status, 200, answer.text);
    assert.equal(door.components.seen.splice(0)[0]?.body.length, limit);
  });

  const announced: readonly (readonly [name: string, bytes: number])[] = [
    ['one byte over', limit + 1],
    ['a hundred times over', limit * 100],
    ['ten gigabytes', 10 * 1024 ** 3],
  ];
  for (const [name, bytes] of announced) {
    it(`refuses an announced body ${name} before reading it`, async () => {
      const answer = await withSession((session) => upload(session, { 'content-length': bytes }, 1));
      assert.deepEqual([answer.status, answer.label], [413, 'body-too-large']);
      assert.match(answer.message, new RegExp(`of ${bytes} bytes is larger than the ${limit} bytes allowed`));
      assert.equal(door.components.seen.length, 0);
    });
  }

  it('refuses an endless body without announcement, having taken little more than the limit', async () => {
    const answer = await withSession((session) => upload(session, {}, Number.POSITIVE_INFINITY));
    assert.deepEqual([answer.status, answer.label], [413, 'body-too-large']);
    // What HTTP/2's window allows may be on its way when the answer is made.
    assert.ok(answer.sent <= limit + slack + 256 * 1024, `sent ${answer.sent} bytes`);
    assert.equal(door.components.seen.length, 0);
  });

  it('refuses endless chunks over HTTP/1.1', async () => {
    const socket = await connectDoor(door.ingress.port, shown, { alpn: ['http/1.1'] });
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(
      `POST /federation/brig/api-version HTTP/1.1\r\nHost: b\r\nWire-Origin-Domain: ${remoteDomain}\r\n` +
        'Transfer-Encoding: chunked\r\n\r\n',
    );
    const chunk = Buffer.concat([Buffer.from('4000\r\n'), Buffer.alloc(0x4000), Buffer.from('\r\n')]);
    const pump = () => {
      while (text === '' && !socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', pump);
    pump();
    await closed;
    assert.match(text, /^HTTP\/1\.1 413 /);
    assert.equal(door.components.seen.length, 0);
  });

  it('refuses a gzip bomb without looking into it', async () => {
    const bomb = gzipSync(Buffer.alloc(32 * 1024 * 1024));
    const answer = await withSession((session) => ask(session, { 'content-encoding': 'gzip' }, bomb));
    assert.deepEqual([answer.status, answer.body.label], [415, 'unsupported-content-encoding']);
    assert.equal(door.components.seen.length, 0);
  });

  const heads: readonly (readonly [name: string, headers: OutgoingHttpHeaders])[] = [
    ['a path of 4 KiB', { ':path': `/federation/brig/${'a'.repeat(4096)}` }],
    ['a header of 66 KiB', { 'x-large': 'a'.repeat(66 * 1024) }],
    [
      'headers of 70 KiB together',
      Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`x-${i}`, 'a'.repeat(1024)])),
    ],
    ['200 headers', Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`x-${i}`, 'a']))],
  ];
  for (const [name, headers] of heads) {
    it(`refuses ${name}`, async () => {
      const answer = await withSession((session) => ask(session, headers));
      assert.deepEqual([answer.status, answer.body.label], [431, 'headers-too-large']);
      assert.equal(door.components.seen.length, 0);
    });
  }

  it('resets a stream whose headers are far beyond the limit, and serves on', async () => {
    await withSession(async (session) => {
      await assert.rejects(ask(session, { 'x-huge': 'a'.repeat(200 * 1024) }));
    });
    assert.equal((await withSession((session) => ask(session))).status, 200);
    assert.equal(door.components.seen.splice(0).length, 1);
  });

  it('refuses headers beyond the limit over HTTP/1.1', async () => {
    const socket = await connectDoor(door.ingress.port, shown, { alpn: ['http/1.1'] });
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(`POST / HTTP/1.1\r\nHost: b\r\nX-Large: ${'a'.repeat(100_000)}\r\n\r\n`);
    await closed;
    assert.match(Buffer.concat(chunks).toString('latin1'), /^HTTP\/1\.1 431 [\s\S]*headers-too-large/);
  });

  it('calms down whoever resets streams without end (CVE-2023-44487)', async () => {
    const socket = await connectDoor(door.ingress.port, shown);
    const code = goawayOf(socket);
    socket.write(
      Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4, 0, 0, Buffer.alloc(0))]),
    );
    // One write, and few more than are allowed: what arrived after the end would cost us the GOAWAY.
    const frames: Buffer[] = [];
    for (let id = 1; id < 2 * 210; id += 2) {
      frames.push(frame(1, 4, id, headerBlock()), frame(3, 0, id, Buffer.of(0, 0, 0, 8)));
    }
    socket.write(Buffer.concat(frames));
    assert.equal(await code, 11, 'ENHANCE_YOUR_CALM');
    assert.equal(door.components.seen.length, 0, 'what was reset is no request');
    assert.equal((await withSession((other) => ask(other))).status, 200);
    door.components.seen.length = 0;
  });

  it('sees no body in what was broken off', async () => {
    const socket = await connectDoor(door.ingress.port, shown);
    const ended = once(socket, 'close');
    socket.resume();
    socket.write(
      Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4, 0, 0, Buffer.alloc(0))]),
    );
    const begun = [frame(1, 4, 1, headerBlock()), frame(0, 0, 1, Buffer.from('{"term":'))];
    socket.write(Buffer.concat([...begun, frame(3, 0, 1, Buffer.of(0, 0, 0, 8))]));
    socket.write(frame(7, 0, 0, Buffer.alloc(8)));
    await ended;
    assert.equal(door.components.seen.length, 0);
  });
});

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** The headers of a good request as HPACK literals without indexing (RFC 7541 6.2.2). */
function headerBlock(): Buffer {
  const fields = Object.entries({ ...goodHeaders, ':scheme': 'https', ':authority': 'b.example.com' });
  const ordered = fields.sort(([left], [right]) => left.localeCompare(right));
  const literal = (text: string) => Buffer.concat([Buffer.of(text.length), Buffer.from(text)]);
  return Buffer.concat(
    ordered.map(([name, value]) => Buffer.concat([Buffer.of(0), literal(name), literal(String(value))])),
  );
}

/** The error code of the GOAWAY frame that the other side sends. */
function goawayOf(socket: TLSSocket): Promise<number> {
  let seen: Buffer = Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk]);
      while (seen.length >= 9 && seen.length >= 9 + seen.readUIntBE(0, 3)) {
        if (seen[3] === 7) resolve(seen.readUInt32BE(13));
        seen = seen.subarray(9 + seen.readUIntBE(0, 3));
      }
    });
    socket.on('close', () => reject(new Error('closed without GOAWAY')));
  });
}

interface Uploaded {
  readonly status: number;
  readonly label: string;
  readonly message: string;
  readonly sent: number;
}

/** Sends up to `maxBytes` until an answer comes, and counts what TLS took. */
function upload(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  maxBytes: number,
): Promise<Uploaded> {
  const stream = session.request({ ...goodHeaders, ...headers }, { endStream: false });
  return new Promise((resolve, reject) => {
    let status = 0;
    let sent = 0;
    let text = '';
    const send = () => {
      const size = Math.min(16 * 1024, maxBytes - sent);
      if (size <= 0 || status !== 0 || stream.destroyed) return;
      stream.write(Buffer.alloc(size), (error) => {
        if (error !== null && error !== undefined) return;
        sent += size;
        send();
      });
    };
    stream.on('response', (fields) => {
      status = Number(fields[':status']);
    });
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    stream.on('error', (error) => {
      if (status === 0) reject(error);
    });
    stream.on('end', () => {
      const { label, message } = JSON.parse(text) as { label: string; message: string };
      resolve({ status, label, message, sent });
    });
    send();
  });
}
