import {
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { type FederationData, Refusal, refuse } from '#contract/refusal.ts';
import { errorName, type RemoteSession } from '../sessions/index.ts';
import type { BodyRelay } from './body-relay.ts';

/** The head of a remote's answer, and the stream that its body comes from. */
export interface RemoteHead {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly stream: ClientHttp2Stream;
}

export interface RemoteRequest {
  readonly head: OutgoingHttpHeaders;
  readonly body: Uint8Array | BodyRelay;
  /** The remote may be silent this long while it is waited for, before and within its answer, in milliseconds. */
  readonly idleTimeoutMs: number;
  readonly data: FederationData;
  /** Is given what cuts the call off when the caller goes away. */
  readonly onAbandoned: (cancel: () => void) => void;
}

/** `unsent`: the session ended before anything went out. `unprocessed`: the remote says that it did not look at it. */
export type RemoteOutcome = RemoteHead | 'unsent' | 'unprocessed';

/**
 * Sends a request on a session with a reserved stream and waits for the head of the answer.
 * @throws Refusal `federation-connection-refused` when the connection was lost, `federation-http2-error` when the
 * remote reset the stream, sent no status or was silent for too long; or what the request's body failed with.
 */
export function sendOn(session: RemoteSession, request: RemoteRequest): Promise<RemoteOutcome> {
  const { body, data } = request;
  const whole = body instanceof Uint8Array;
  if (!whole && body.failure !== undefined) {
    session.release();
    return Promise.reject(body.failure);
  }
  const stream = session.request(request.head, whole && body.length === 0);
  if (stream === undefined) return Promise.resolve('unsent');
  return new Promise((resolve, reject) => {
    let broken: Error | undefined;
    let settled = false;
    stream.on('response', (headers) => {
      settled = true;
      const status = headers[':status'];
      if (status !== undefined) {
        resolve({ status, headers, stream });
        return;
      }
      stream.close(constants.NGHTTP2_PROTOCOL_ERROR);
      reject(refuse('federation-http2-error', { message: 'No status code in HTTP2 response', data }));
    });
    stream.on('error', (error) => {
      broken = error;
    });
    stream.on('close', () => {
      if (settled) return;
      settled = true;
      if (!whole) body.detach();
      if (broken instanceof Refusal) reject(broken);
      else if (session.unprocessed(stream)) resolve('unprocessed');
      else reject(streamRefusal(session, stream, broken, data));
    });
    // Never `close` while the body is under way: it ends the body first, and what arrived would look whole.
    const fail = (reason: Error) => stream.destroy(reason);
    stream.setTimeout(request.idleTimeoutMs, () => {
      const message = `${session.endpoint.target.host} was silent for ${request.idleTimeoutMs} ms`;
      fail(refuse('federation-http2-error', { message, data }));
    });
    request.onAbandoned(() => fail(refuse('bad-request', { message: 'The caller went away' })));
    if (!whole) body.sendTo(stream, fail);
    else if (body.length > 0) stream.end(body);
  });
}

/** Why a stream ended without an answer. */
function streamRefusal(
  session: RemoteSession,
  stream: ClientHttp2Stream,
  error: Error | undefined,
  data: FederationData,
): Refusal {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  const { host } = session.endpoint.target;
  if (code === 'ERR_HTTP2_STREAM_ERROR' || (error === undefined && !session.lost)) {
    const name = errorName(stream.rstCode ?? 0);
    const message = `${host} reset the stream before it answered: ${name}`;
    return refuse('federation-http2-error', { message, data, cause: error });
  }
  if (code === 'ERR_HTTP2_ERROR' || code === 'ERR_HTTP2_SESSION_ERROR') {
    const message = `${host} broke off the HTTP/2 session: ${error?.message}`;
    return refuse('federation-http2-error', { message, data, cause: error });
  }
  const why = error?.message ?? session.endReason ?? 'the connection was closed';
  const message = `The connection to ${host} was lost before it answered: ${why}`;
  return refuse('federation-connection-refused', { message, data, cause: error });
}
