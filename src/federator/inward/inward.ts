import type { OriginDomain } from '#contract/ids.ts';
import { Refusal, refuse } from '#contract/refusal.ts';
import { type ComponentTransport, federationHeaders } from '#contract/rpc-transport.ts';
import { LineRate, renderMetrics } from '#telemetry';
import type { PeerCertificateRules } from '../certificates/index.ts';
import type { Discovery, Policy } from '../faces.ts';
import {
  type HttpLimits,
  type HttpRequest,
  openPlainListener,
  type PlainListener,
} from '../listener/index.ts';
import { countIncoming, countRefusal, federatorLog, observeAnswer } from '../telemetry.ts';
import { type Admission, type AdmissionNeeds, admit, type Peer } from './admit.ts';
import { callComponent, relayAnswer } from './component-call.ts';
import { ForwardedCertificates } from './forwarded-certificate.ts';

export interface InwardLimits {
  /** Largest body of a request, in bytes. */
  readonly requestBytes: number;
  /** Until the head of a component's answer (reference federation-api 1.3.2). */
  readonly componentTimeoutMs: number;
}

export const defaultInwardLimits: InwardLimits = {
  requestBytes: 8 * 1024 * 1024,
  componentTimeoutMs: 10_000,
};

export interface InwardNeeds {
  readonly policy: Pick<Policy, 'admit'>;
  readonly discovery: Pick<Discovery, 'find'>;
  readonly components: ComponentTransport;
  readonly certificateRules: PeerCertificateRules;
  /** Addresses or networks that may send `X-SSL-Certificate` to the plain listener. */
  readonly trustedIngress: readonly string[];
  readonly limits?: Partial<InwardLimits>;
  /** Called with the domain of each request that was admitted: that remote is up. */
  readonly onContact?: (domain: OriginDomain) => void;
  /** Milliseconds since 1970 by which certificates are judged. */
  readonly nowMs?: () => number;
}

/** Requests of remote backends, on their way to the components. */
export interface Inward {
  /** Answers a request that came over TLS with this verified certificate; header certificates are not looked at. */
  receive(request: HttpRequest, peer: Peer): Promise<void>;
  /** Opens the cleartext listener for an outside ingress, with `/i/status` and `/i/metrics`. */
  openListener(options: InwardListenerOptions): Promise<PlainListener>;
}

export interface InwardListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly limits?: Partial<HttpLimits>;
  /** URL of the outward listener, asked by `/i/status` whether it is up; undefined when there is none. */
  readonly outwardUrl?: () => string | undefined;
}

/** Makes the inward side. It holds no resources; its listener does. */
export function createInward(needs: InwardNeeds): Inward {
  const limits = { ...defaultInwardLimits, ...needs.limits };
  const admission: AdmissionNeeds = {
    policy: needs.policy,
    discovery: needs.discovery,
    certificateRules: needs.certificateRules,
    forwarded: new ForwardedCertificates(needs.trustedIngress),
    nowMs: needs.nowMs ?? Date.now,
    onClaim: (domain) => countIncoming(domain ?? 'other'),
  };

  async function receive(request: HttpRequest, peer: Peer): Promise<void> {
    const startedMs = performance.now();
    let admitted: Admission | undefined;
    try {
      admitted = await admit(request, peer, admission);
      needs.onContact?.(admitted.originDomain);
      const body = await request.readAll(limits.requestBytes);
      const answer = await callComponent(
        needs.components,
        admitted,
        body,
        request,
        limits.componentTimeoutMs,
      );
      await relayAnswer(request, answer);
      observe(peer, admitted, answer.status, startedMs);
    } catch (thrown) {
      observe(peer, admitted, thrown instanceof Refusal ? thrown.status : 500, startedMs);
      if (thrown instanceof Refusal) logRefusal(request, admitted, thrown);
      throw thrown;
    }
  }

  return {
    receive,
    openListener: ({ host, port, limits: httpLimits, outwardUrl }) =>
      openPlainListener({
        host,
        port,
        limits: httpLimits,
        log: federatorLog,
        handler: (request) => {
          if (request.path.startsWith('/i/')) return answerOperations(request, outwardUrl);
          return receive(request, { kind: 'forwarding' });
        },
      }),
  };
}

function observe(peer: Peer, admitted: Admission | undefined, status: number, startedMs: number): void {
  const listener = peer.kind === 'verified' ? 'ingress' : 'inward';
  const route = admitted === undefined ? 'refused' : `/federation/${admitted.component}/:rpc`;
  observeAnswer(listener, route, status, (performance.now() - startedMs) / 1000);
}

const refusalLines = new LineRate();

function logRefusal(request: HttpRequest, admitted: Admission | undefined, refusal: Refusal): void {
  countRefusal('inward', refusal.label);
  const { label, status, message } = refusal;
  const leftOut = refusalLines.take(label);
  if (leftOut === undefined) return;
  const line = {
    label,
    status,
    reason: message,
    address: request.peerAddress,
    origin: admitted?.originDomain,
    leftOut,
  };
  if (status >= 500) federatorLog.error({ ...line, err: refusal.cause }, 'inward request failed');
  else federatorLog.info(line, 'inward request refused');
}

/** What operators ask of the plain listener (reference federation-api 1.2.1). */
async function answerOperations(
  request: HttpRequest,
  outwardUrl: (() => string | undefined) | undefined,
): Promise<void> {
  const [path, query] = request.path.split('?');
  // Through an ingress comes a remote, even when the ingress is set up to pass everything on.
  const remote = request.headers[federationHeaders.certificate] !== undefined;
  if (!isRead(request.method) || remote) throw refuse('no-endpoint');
  if (path === '/i/metrics' && request.method === 'GET') {
    const { contentType, text } = await renderMetrics();
    request.respond(200, { 'content-type': contentType }, text);
    return;
  }
  if (path !== '/i/status') throw refuse('no-endpoint');
  const other = query === 'standalone' ? undefined : outwardUrl?.();
  const found = other === undefined ? 200 : await probe(`${other}/i/status?standalone`, request.signal);
  if (found === 200) request.respond(200, { 'content-type': 'text/plain' });
  else {
    const text = `internal server responded with status code = ${found}`;
    request.respond(500, { 'content-type': 'text/plain' }, request.method === 'HEAD' ? undefined : text);
  }
}

/** Load balancers ask with HEAD as well (reference client-api 2.9). */
function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

const probeTimeoutMs = 5_000;

/** Status of a GET, or what kept it from having one. */
async function probe(url: string, signal: AbortSignal): Promise<number | string> {
  try {
    const answer = await fetch(url, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(probeTimeoutMs)]),
    });
    await answer.body?.cancel();
    return answer.status;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
