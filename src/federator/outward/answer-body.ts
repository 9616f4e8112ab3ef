import type { ClientHttp2Stream } from 'node:http2';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { type AnswerHeaders, announcedBytes, type HttpRequest } from '../listener/index.ts';
import type { OutwardAnswer } from './forward.ts';

/** Bodies announced to be no larger are passed on in one piece, as nearly all RPCs are. */
export const maxWholeBytes = 64 * 1024;

function smallLength(headers: AnswerHeaders): number | undefined {
  const announced = announcedBytes(headers['content-length'] as string | undefined);
  return announced !== undefined && announced <= maxWholeBytes ? announced : undefined;
}

/** Passes a remote's answer on: a small one whole, any other chunk by chunk and no faster than the caller takes it. */
export function relayAnswer(answer: OutwardAnswer, headers: AnswerHeaders, request: HttpRequest): void {
  const { body, status } = answer;
  const length = smallLength(headers);
  if (length === undefined) {
    relayStream(answer, headers, request);
    return;
  }
  collect(body, length, (whole) => {
    if (whole === undefined) request.abort();
    else request.respond(status, headers, whole);
  });
}

/** Reads a body of known length; undefined when it broke off. */
function collect(body: ClientHttp2Stream, length: number, done: (whole: Buffer | undefined) => void): void {
  let whole: Buffer = Buffer.alloc(0);
  let told = false;
  const tell = () => {
    if (told) return;
    told = true;
    done(whole.length === length ? whole : undefined);
  };
  body.on('data', (chunk: Buffer) => {
    whole = whole.length === 0 ? chunk : Buffer.concat([whole, chunk]);
    if (whole.length === length) tell();
  });
  body.on('close', tell);
  body.resume();
}

function relayStream(
  { body, status, silenceMs }: OutwardAnswer,
  headers: AnswerHeaders,
  request: HttpRequest,
): void {
  const to = request.begin(status, headers);
  const announced = announcedBytes(headers['content-length'] as string | undefined);
  pipeline(request.pace(wholeOnly(body, announced, silenceMs)), to).catch(() => request.abort());
}

/** The body as a component in this process reads it. */
export function iterateAnswer(answer: OutwardAnswer): AsyncIterable<Uint8Array> {
  const length = smallLength(answer.headers);
  if (length === undefined) {
    const announced = announcedBytes(answer.headers['content-length'] as string | undefined);
    return wholeOnly(answer.body, announced, answer.silenceMs);
  }
  const collected = new Promise<Buffer>((resolve, reject) => {
    collect(answer.body, length, (whole) => {
      if (whole === undefined) reject(new Error('the answer of the remote broke off'));
      else resolve(whole);
    });
  });
  // Whoever reads sees the failure; nobody has to.
  collected.catch(() => undefined);
  return yieldOnce(collected);
}

async function* yieldOnce(collected: Promise<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const whole = await collected;
  if (whole.length > 0) yield whole;
}

/**
 * The chunks of a body that must be whole. A stream that was reset, or whose session was lost, may end like one that
 * was sent to its end: here it throws. Reading no further cuts the stream off.
 *
 * HTTP/2 brings a file in frames of 16 KiB. Those that arrive together leave together: writing them one by one cost
 * more than anything else on their way to the client.
 * @param silenceMs how long the remote may be silent before the stream ends; 0: somebody else sees to it
 */
export async function* wholeOnly(
  body: ClientHttp2Stream,
  announced: number | undefined,
  silenceMs = 0,
): AsyncGenerator<Uint8Array, void> {
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    // The remote's silence is counted while it is waited for, not while a slow reader has this chunk.
    body.setTimeout(0);
    yield chunk;
    body.setTimeout(silenceMs);
    // The frames of one read of the socket come in one turn of the event loop; the next read takes all that are there.
    await setImmediate();
  }
  if (body.rstCode) throw new Error(`the answer was reset after ${size} bytes (code ${body.rstCode})`);
  if (announced !== undefined && announced !== size)
    throw new Error(`the answer ended after ${size} of ${announced} bytes`);
}
