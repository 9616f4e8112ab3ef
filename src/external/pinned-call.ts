import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { type EgressCheck, openPinnedSession } from './pinned-session.ts';

/** One request to a service. */
export interface PinnedCall {
  readonly method: 'GET' | 'POST';
  /** Without a slash behind it. */
  readonly baseUrl: string;
  /** Appended to the base URL: `/status`. */
  readonly path: string;
  readonly key: KeyObject;
  /** Shown to the service; for the first contact there is none. */
  readonly token?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** What has come of it. A service that cannot be reached is nothing out of the ordinary. */
export type PinnedAnswer =
  | { readonly reached: true; readonly status: number; readonly text: string }
  | { readonly reached: false; readonly reason: string };

export type PinnedCaller = (call: PinnedCall) => Promise<PinnedAnswer>;

export interface PinnedCallerOptions {
  readonly mayConnect: EgressCheck;
  /** For the whole call. */
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
}

/** Calls services, each call over a session of its own. Redirects are not followed. */
export function createPinnedCaller(options: PinnedCallerOptions): PinnedCaller {
  const { mayConnect, timeoutMs } = options;
  return async (call) => {
    const url = new URL(`${call.baseUrl.replace(/\/$/, '')}${call.path}`);
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const socket = await openPinnedSession(url, call.key, mayConnect, signal);
      try {
        return await exchange(socket, url, call, options, signal);
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
  { method, token, body }: PinnedCall,
  { maxAnswerBytes }: PinnedCallerOptions,
  signal: AbortSignal,
): Promise<PinnedAnswer> {
  const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const outgoing = request({
    createConnection: () => socket,
    method,
    path: `${url.pathname}${url.search}`,
    headers: {
      host: url.host,
      accept: 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(sent === undefined ? {} : { 'content-type': 'application/json', 'content-length': sent.length }),
    },
    signal,
  });
  outgoing.end(sent);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const text = await readText(response, maxAnswerBytes);
  return { reached: true, status: response.statusCode ?? 0, text };
}

async function readText(response: IncomingMessage, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > most) throw new Error(`the answer is longer than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
