import { request as httpRequest } from 'node:http';
import { Refusal, refuse } from '#contract/refusal.ts';
import { federationHeaders } from '#contract/rpc-transport.ts';
import { renderMetrics } from '#telemetry';
import {
  announcedBytes,
  answerThrown,
  type HttpLimits,
  type HttpRequest,
  openPlainListener,
  type PlainListener,
} from '../listener/index.ts';
import { countRefusal, federatorLog, observeAnswer } from '../telemetry.ts';
import { maxWholeBytes, relayAnswer } from './answer-body.ts';
import type { Outward } from './outward.ts';
import { parseRpcPath, rpcRoute } from './rpc-path.ts';

export interface OutwardListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly outward: Outward;
  /** URL of the inward listener, which `GET /i/status` looks at; undefined when there is none. */
  readonly inwardUrl?: () => string | undefined;
  readonly limits?: Partial<HttpLimits>;
}

/**
 * Opens the outward service (reference federation-api 1.2): `POST /rpc/:domain/:component/:rpc` for components of this
 * backend, over HTTP/2 with prior knowledge or HTTP/1.1; `GET /i/status` and `/i/metrics` for operations. It must be
 * reachable from this backend's own network only: who can call it speaks for the backend.
 */
export function openOutwardListener(options: OutwardListenerOptions): Promise<PlainListener> {
  const { outward, inwardUrl } = options;
  return openPlainListener({
    host: options.host,
    port: options.port,
    limits: options.limits,
    log: federatorLog,
    handler: (request) => {
      const question = request.path.indexOf('?');
      const path = question === -1 ? request.path : request.path.slice(0, question);
      const query = question === -1 ? undefined : request.path.slice(question + 1);
      // Load balancers ask with HEAD as well (reference client-api 2.9).
      if (path === '/i/status' && (request.method === 'GET' || request.method === 'HEAD'))
        return answerStatus(request, query, inwardUrl?.());
      if (path === '/i/metrics' && request.method === 'GET') return answerMetrics(request);
      if (path === '/i/federation/status' && request.method === 'GET')
        return answerFederationStatus(outward, request);
      return answerRpc(outward, request, path, query);
    },
  });
}

async function answerRpc(
  outward: Outward,
  request: HttpRequest,
  path: string,
  query: string | undefined,
): Promise<void> {
  const startedAt = performance.now();
  let status = 500;
  try {
    const named = parseRpcPath(path);
    mustBePlainPost(request.method, query);
    const session = sessionOf(request.headers[federationHeaders.session]);
    const answer = await outward.forward({
      ...named,
      headers: request.headers,
      body: await bodyOf(request),
      session,
      onAbandoned: (cancel) => request.onAbandoned(cancel),
    });
    if (answer === 'lost') {
      status = 412;
      request.respond(status, { [federationHeaders.session]: 'lost' });
      return;
    }
    status = answer.status;
    relayAnswer(answer, { ...answer.headers, [federationHeaders.session]: String(answer.session) }, request);
  } catch (thrown) {
    if (thrown instanceof Refusal) {
      status = thrown.status;
      countRefusal('outward', thrown.label);
    }
    answerThrown(request, thrown, federatorLog);
  } finally {
    observeAnswer('outward', rpcRoute, status, (performance.now() - startedAt) / 1000);
  }
}

/**
 * A small body is taken whole before the call goes out: it can be sent again, it travels in one frame, and what breaks
 * off never reaches the remote. Any other is passed on as it comes.
 */
function bodyOf(request: HttpRequest): Promise<Uint8Array> | HttpRequest['body'] {
  const announced = announcedBytes(request.headers['content-length']);
  return announced === undefined || announced > maxWholeBytes ? request.body : request.readAll(maxWholeBytes);
}

/** Reference 1.2.3, steps 2 and 3. Even an empty query is one. */
function mustBePlainPost(method: string, query: string | undefined): void {
  if (method !== 'POST') {
    const message = `The requested endpoint does not exist: the method is ${method.slice(0, 20)}, expected POST`;
    throw refuse('invalid-endpoint', { message });
  }
  if (query !== undefined) {
    const message = 'The requested endpoint does not exist: the path has a query string, expected none';
    throw refuse('invalid-endpoint', { message });
  }
}

function sessionOf(value: string | string[] | undefined): number | undefined {
  if (value === undefined) return undefined;
  const session = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isNaN(session)) {
    throw refuse('bad-request', { message: 'Crosswire-Session is not a number that an answer carried' });
  }
  return session;
}

/** What the federator knows of its remotes, whichever process it runs in; for `crosswire federation status`. */
async function answerFederationStatus(outward: Outward, request: HttpRequest): Promise<void> {
  const body = JSON.stringify({ remotes: outward.status() });
  request.respond(200, { 'content-type': 'application/json' }, body);
}

async function answerMetrics(request: HttpRequest): Promise<void> {
  const { contentType, text } = await renderMetrics();
  request.respond(200, { 'content-type': contentType }, text);
}

/** Reference 1.2.1: well only when the inward side is, unless asked about this listener alone. */
async function answerStatus(
  request: HttpRequest,
  query: string | undefined,
  inwardUrl: string | undefined,
): Promise<void> {
  const failure =
    query === 'standalone' || inwardUrl === undefined
      ? undefined
      : await probe(`${inwardUrl}/i/status?standalone`);
  const text = failure === undefined || request.method === 'HEAD' ? undefined : `external server ${failure}`;
  request.respond(failure === undefined ? 200 : 500, { 'content-type': 'text/plain' }, text);
}

const probeTimeoutMs = 2_000;

function probe(url: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asked = httpRequest(url, { timeout: probeTimeoutMs }, (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      const ok = status >= 200 && status < 300;
      resolve(ok ? undefined : `server responded with status code = ${status}`);
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${probeTimeoutMs} ms`)));
    asked.on('error', (error) => resolve(`server cannot be reached: ${error.message}`));
    asked.end();
  });
}
