import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { nextTick } from 'node:process';
import { promisify } from 'node:util';
import { gunzip, gunzipSync } from 'node:zlib';
import { type Refusal, refuse } from '#contract/refusal.ts';

export interface BodyLimits {
  /** Largest body, as sent and as inflated. */
  readonly maxBodyBytes: number;
  /** After this time a body must have come in at `minBytesPerSecond` on average. */
  readonly bodyGraceMs: number;
  readonly minBytesPerSecond: number;
}

const inflate = promisify(gunzip);
/** Below this, inflating at once costs less than the way through the thread pool. */
const inflateAtOnceBytes = 16 * 1024;

/** Whether a body is announced at all. */
export function hasBody(raw: IncomingMessage): boolean {
  const length = raw.headers['content-length'];
  return raw.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/**
 * Reads a request's body into memory and undoes its content encoding.
 *
 * @throws Refusal `body-too-large` before more than the limit is read or inflated, `request-timeout` when it comes
 * too slowly, `unsupported-content-encoding` for anything but gzip, `bad-request` when it does not inflate.
 */
export async function readBody(
  raw: IncomingMessage,
  response: ServerResponse,
  limits: BodyLimits,
): Promise<Buffer> {
  const encoding = (raw.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  const zipped = encoding === 'gzip' || encoding === 'x-gzip';
  if (!zipped && encoding !== 'identity' && encoding !== '') {
    throw refuse('unsupported-content-encoding', {
      message: `content-encoding: found ${JSON.stringify(encoding)}, expected gzip or none`,
    });
  }
  const announced = Number(raw.headers['content-length'] ?? 0);
  if (announced > limits.maxBodyBytes) throw tooLarge(`${announced} bytes announced`, limits);
  if (raw.headers.expect?.toLowerCase() === '100-continue') response.writeContinue();
  const bytes = await collect(raw, limits);
  return zipped && bytes.length > 0 ? inflated(bytes, limits) : bytes;
}

function collect(raw: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let received = 0;
    const started = performance.now();
    const paceCheck = setInterval(() => {
      const seconds = (performance.now() - started - limits.bodyGraceMs) / 1000;
      if (received < limits.minBytesPerSecond * Math.max(1, seconds)) settle(tooSlow(received, limits));
    }, limits.bodyGraceMs);
    const onData = (chunk: Buffer) => {
      received += chunk.length;
      if (received > limits.maxBodyBytes) settle(tooLarge(`more than ${limits.maxBodyBytes} bytes`, limits));
      else chunks.push(chunk);
    };
    const onEnd = () => settle(undefined);
    const onClose = () => settle(refuse('bad-request', { message: 'body: the connection was closed' }));
    const settle = (refusal: Refusal | undefined) => {
      clearInterval(paceCheck);
      raw.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      if (refusal === undefined)
        return resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
      raw.pause();
      reject(refusal);
    };
    raw.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

async function inflated(bytes: Buffer, limits: BodyLimits): Promise<Buffer> {
  const bound = { maxOutputLength: limits.maxBodyBytes };
  try {
    return bytes.length <= inflateAtOnceBytes ? gunzipSync(bytes, bound) : await inflate(bytes, bound);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(`more than ${limits.maxBodyBytes} inflated`, limits);
    throw refuse('bad-request', { message: 'body: does not inflate as gzip', cause });
  }
}

function tooLarge(found: string, { maxBodyBytes }: BodyLimits): Refusal {
  return refuse('body-too-large', { message: `body: ${found}, expected at most ${maxBodyBytes} bytes` });
}

function tooSlow(received: number, limits: BodyLimits): Refusal {
  return refuse('request-timeout', {
    message: `body: ${received} bytes came in, expected ${limits.minBytesPerSecond} bytes per second`,
  });
}

/** What is read of a body that nobody wanted, and for how long, unless it was refused for its size. */
const maxDiscardedBytes = 32 * 1024;
const discardMs = 1_000;
/** From the end of the answer to the end of the connection: time for the answer to be read. */
const lingerMs = 500;

/**
 * Deals with the rest of a body that is answered without having been read. A short one is read and dropped, which
 * keeps the connection; for a longer one the connection is ended, but closed only after a moment: closing with unread
 * bytes resets it, and the caller would lose the answer that says why.
 */
export function discardRest(raw: IncomingMessage, response: ServerResponse): void {
  const { socket } = raw;
  if (raw.complete || socket.destroyed) return;
  const wanted = response.statusCode === 413 ? 0 : maxDiscardedBytes;
  let discarded = 0;
  const onData = (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > wanted) giveUp();
  };
  const timer = setTimeout(giveUp, discardMs).unref();
  const settle = () => clearTimeout(timer);
  raw.on('data', onData).once('end', settle).once('close', settle);
  // What Node has read ahead has come, whether anybody wants it or not.
  if (wanted === 0 || raw.readableLength > wanted) giveUp();
  else raw.resume();

  function giveUp(): void {
    clearTimeout(timer);
    raw.off('data', onData).pause();
    // Of a body that nobody has taken anything of, Node would read all that comes once the answer is out.
    raw.read();
    // That has made the socket read on, from the next tick.
    nextTick(() => socket.pause());
    if (response.writableFinished) hangUp(socket);
    else response.once('finish', () => hangUp(socket));
  }
}

function hangUp(socket: Socket): void {
  socket.end();
  const timer = setTimeout(() => socket.destroy(), lingerMs).unref();
  socket.once('close', () => clearTimeout(timer));
}
