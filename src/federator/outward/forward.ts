import type { ClientHttp2Stream } from 'node:http2';
import type { Readable } from 'node:stream';
import { type BackendDomain, parseBackendDomain } from '#contract/ids.ts';
import { type FederationData, Refusal, refuse } from '#contract/refusal.ts';
import type { Component } from '#contract/rpc.ts';
import { federationHeaders } from '#contract/rpc-transport.ts';
import type { Policy } from '../faces.ts';
import { type AnswerHeaders, announcedBytes, bodyTooLarge } from '../listener/index.ts';
import type { RemoteSession, SessionPool } from '../sessions/index.ts';
import { countOutgoing } from '../telemetry.ts';
import { BodyRelay } from './body-relay.ts';
import { answerHead, remoteHead } from './relay-headers.ts';
import { wrapRemoteError } from './remote-answer.ts';
import { sendOn } from './remote-stream.ts';

/** Bounds of a call. Sizes in bytes, times in milliseconds. */
export interface OutwardLimits {
  /** As the reference's ingress takes (1.4). */
  readonly maxBodyBytes: number;
  /** Silence of the remote while it is waited for; there is no bound on an answer that goes on, nor on a slow reader here. */
  readonly idleTimeoutMs: number;
}

export const defaultOutwardLimits: OutwardLimits = {
  maxBodyBytes: 1024 * 1024 * 1024,
  idleTimeoutMs: 30_000,
};

export interface ForwardNeeds {
  readonly ownDomain: BackendDomain;
  readonly policy: Pick<Policy, 'admit'>;
  readonly sessions: Pick<SessionPool, 'acquire'>;
  readonly limits: OutwardLimits;
}

/** A component's call, whichever door it came through; path and form are checked already. */
export interface OutwardCall {
  readonly domain: BackendDomain;
  readonly component: Component;
  readonly rpc: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array | Readable;
  /** See `RpcRequest.session`. */
  readonly session?: number;
  readonly onAbandoned: (cancel: () => void) => void;
}

/** A 2xx answer of the remote; its body is still coming. */
export interface OutwardAnswer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: ClientHttp2Stream;
  /** How long the remote may be silent within the body, in milliseconds. */
  readonly silenceMs: number;
  readonly session: number;
}

/** Sessions that ended between being chosen and being used, and requests that a remote had not looked at. */
const maxAttempts = 3;

/**
 * Sends a component's call to its remote (reference federation-api 1.2.3, from step 4). A request that the remote
 * certainly did not process is sent once more on another session; any other never is.
 *
 * @throws Refusal `invalid-origin-domain`, `body-too-large`, `federation-denied`, `invalid-domain`,
 * `discovery-failure`, `federation-overloaded`, `federation-connection-refused`, `federation-tls-error`,
 * `federation-http2-error`, `federation-remote-error`.
 */
export async function forward(needs: ForwardNeeds, call: OutwardCall): Promise<OutwardAnswer | 'lost'> {
  mustBeOwnOrigin(call.headers[federationHeaders.originDomain], needs.ownDomain);
  const body = boundedBody(call, needs.limits.maxBodyBytes);
  needs.policy.admit(call.domain);
  countOutgoing(call.domain);
  const path = `/federation/${call.component}/${call.rpc}`;
  let unprocessed = 0;
  for (let attempt = 1; ; attempt += 1) {
    const session = await acquire(needs, call, path);
    if (session === 'lost') return 'lost';
    const { host } = session.endpoint.target;
    const data: FederationData = { type: 'federation', domain: host, path };
    const outcome = await sendOn(session, {
      head: remoteHead(call.headers, host, path),
      body,
      data,
      idleTimeoutMs: needs.limits.idleTimeoutMs,
      onAbandoned: call.onAbandoned,
    });
    if (typeof outcome !== 'string') {
      const { status, headers, stream } = outcome;
      if (status < 200 || status > 299) throw await wrapRemoteError(stream, status, data);
      const silenceMs = needs.limits.idleTimeoutMs;
      return { status, headers: answerHead(headers), body: stream, silenceMs, session: session.number };
    }
    if (outcome === 'unprocessed') unprocessed += 1;
    const repeatable = body instanceof Uint8Array || body.repeatable;
    if (unprocessed > 1 || attempt >= maxAttempts || !repeatable) {
      const message = `${host} closed ${attempt} sessions without taking the request: ${session.endReason ?? outcome}`;
      throw refuse('federation-http2-error', { message, data });
    }
  }
}

/** A component that claims another domain is misconfigured: the remote would believe our certificate for our name. */
function mustBeOwnOrigin(claimed: string | string[] | undefined, own: BackendDomain): void {
  if (claimed === undefined) return;
  if (typeof claimed === 'string' && parseBackendDomain(claimed) === own) return;
  const message = `Wire-Origin-Domain is ${JSON.stringify(claimed).slice(0, 300)}, expected ${own}`;
  throw refuse('invalid-origin-domain', { message });
}

function boundedBody({ body, headers }: OutwardCall, maxBytes: number): Uint8Array | BodyRelay {
  const announced = headers['content-length'];
  const size = body instanceof Uint8Array ? body.length : announcedBytes(firstOf(announced));
  if (size !== undefined && size > maxBytes) throw bodyTooLarge(maxBytes, size);
  return body instanceof Uint8Array ? body : new BodyRelay(body, size, maxBytes);
}

function firstOf(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}

async function acquire(
  needs: ForwardNeeds,
  call: OutwardCall,
  path: string,
): Promise<RemoteSession | 'lost'> {
  try {
    return await needs.sessions.acquire(call.domain, call.session);
  } catch (error) {
    if (!(error instanceof Refusal) || error.status < 521 || error.details.data !== undefined) throw error;
    const data: FederationData = { type: 'federation', domain: call.domain, path };
    throw refuse(error.key, { ...error.details, message: error.message, data, cause: error });
  }
}
