import type { ClientHttp2Stream } from 'node:http2';
import { type AnswerHeaders, announcedBytes, type HttpRequest } from '../listener/index.ts';
import type { OutwardAnswer } from './forward.ts';

/** The body, when all that was announced lies ready, as with most RPCs; else undefined, and nothing was taken. */
function takeWhole(stream: ClientHttp2Stream, headers: AnswerHeaders): Buffer | undefined {
  const announced = announcedBytes(headers['content-length'] as string | undefined);
  if (announced === undefined || announced === 0 || stream.readableLength !== announced) return undefined;
  const chunk: unknown = stream.read();
  stream.resume();
  return Buffer.isBuffer(chunk) ? chunk : undefined;
}

/** Passes a remote's answer on, chunk by chunk, no faster than the component takes it; `done` after the last byte. */
export function relayAnswer(answer: OutwardAnswer, headers: AnswerHeaders, request: HttpRequest): void {
  const { body, status } = answer;
  const whole = takeWhole(body, headers);
  if (whole !== undefined) {
    request.respond(status, headers, whole);
    return;
  }
  const to = request.begin(status, headers);
  const announced = announcedBytes(headers['content-length'] as string | undefined);
  let size = 0;
  let ended = false;
  body.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (to.write(chunk)) return;
    body.pause();
    to.once('drain', () => body.resume());
  });
  body.on('end', () => {
    ended = true;
    // A stream that was reset ends as well; its bytes are not the whole answer.
    const isWhole = !body.rstCode && (announced === undefined || announced === size);
    if (isWhole) to.end();
    else request.abort();
  });
  body.on('close', () => {
    if (!ended) request.abort();
  });
  body.resume();
}

/** The body as a component in this process reads it. */
export async function* iterateAnswer(answer: OutwardAnswer): AsyncGenerator<Uint8Array, void> {
  const whole = takeWhole(answer.body, answer.headers);
  if (whole !== undefined) {
    yield whole;
    return;
  }
  for await (const chunk of answer.body) yield chunk as Uint8Array;
}
