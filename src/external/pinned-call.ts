import { type IncomingMessage, request } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { CallService, ServiceAnswer, ServiceCall } from '#contract/service-caller.ts';
import { abortable } from './abortable.ts';
import { type EgressCheck, openPinnedSession } from './pinned-session.ts';

export interface PinnedCallerOptions {
  readonly mayConnect: EgressCheck;
  /** For the whole call. */
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
}

/** Calls services, each call over a session of its own. Redirects are not followed. */
export function createPinnedCaller({
  mayConnect,
  timeoutMs,
  maxAnswerBytes,
}: PinnedCallerOptions): CallService {
  return async (call) => {
    const deadline = AbortSignal.timeout(timeoutMs);
    const signal = call.signal === undefined ? deadline : AbortSignal.any([call.signal, deadline]);
    try {
      const url = new URL(call.baseUrl);
      const socket = await openPinnedSession(url, { keys: call.keys, mayConnect, signal });
      try {
        return await abortable(exchange(socket, url, call, maxAnswerBytes), signal);
      } finally {
        socket.destroy();
      }
    } catch (error) {
      return { reached: false, reason: (error as Error).message };
    }
  };
}

async function exchange(
  socket: TLSSocket,
  url: URL,
  { method, path, token, body }: ServiceCall,
  maxAnswerBytes: number,
): Promise<ServiceAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const outgoing = request({
    createConnection: () => socket,
    method,
    path: `${url.pathname.replace(/\/$/, '')}${path}`,
    headers: {
      host: url.host,
      accept: 'application/json',
      connection: 'close',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    },
  });
  outgoing.once('response', resolve).on('error', reject);
  // An answer that would change the protocol ends the request without an error.
  outgoing.once('close', () => reject(new Error('the connection was closed before an answer')));
  outgoing.end(body);
  const response = await promise;
  return {
    reached: true,
    status: response.statusCode ?? 0,
    body: await readAtMost(response, maxAnswerBytes),
  };
}

async function readAtMost(response: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > most) throw new Error(`the answer is longer than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
