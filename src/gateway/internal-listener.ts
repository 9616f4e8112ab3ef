import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { getMetrics, getStatus } from '#contract/internal/operations.ts';
import { clientApiVersions, handle, type ServedRoute } from '#contract/route.ts';
import { federationHeaders } from '#contract/rpc-transport.ts';
import { renderMetrics } from '#telemetry';
import { adaptRoutes } from './adapter/adapt.ts';
import {
  createFrame,
  defaultLimits,
  type FrameOptions,
  type ListenAddress,
  type Listener,
  type ListenerLimits,
  listen,
} from './adapter/listener.ts';
import { type FederationRouteOptions, serveFederation } from './federation-route.ts';
import { assertRequestForm, originForm } from './limits/request-form.ts';

export interface InternalListenerOptions {
  readonly listen: ListenAddress;
  /** Routes of every part; only the internal ones are served. */
  readonly routes: readonly ServedRoute[];
  /** Serves `POST /federation/:rpc` for a federator that runs in another process. */
  readonly serveFederation?: FederationRouteOptions;
  readonly limits?: Partial<ListenerLimits>;
}

/** The operations listener, up until disposed. */
export type InternalListener = Listener;

const newestVersion = Math.max(...clientApiVersions.stable, ...clientApiVersions.development);

/** Opens the listener for operations: `/i/…`. It asks for no authentication, so it must not be reachable by clients. */
export async function openInternalListener(options: InternalListenerOptions): Promise<InternalListener> {
  const limits = { ...defaultLimits, ...options.limits };
  const frame: FrameOptions = {
    name: 'internal',
    limits,
    requestId: requestIdOf,
    rewriteUrl: (raw) => originForm(raw.url ?? '/'),
    headersFor: ({ id }) => ({ 'request-id': id }),
    check: ({ raw, originalUrl }) => assertRequestForm(raw, originForm(originalUrl), limits),
  };
  const app: FastifyInstance = createFrame(frame);
  adaptRoutes(app, {
    routes: [...operations, ...options.routes.filter(({ route }) => route.auth === 'internal')],
    body: limits,
    versionOf: () => newestVersion,
    authenticate: neverAsked,
    assertSessionOpen: neverAsked,
    limit() {},
  });
  if (options.serveFederation !== undefined) serveFederation(app, options.serveFederation, limits);
  return await listen(app, frame, options.listen);
}

const operations: readonly ServedRoute[] = [
  handle(getStatus, () => ({ status: 200 })),
  handle(getMetrics, async () => {
    const { contentType, text } = await renderMetrics();
    return { status: 200, headers: { 'content-type': contentType }, body: Buffer.from(text) };
  }),
];

const readableId = /^[\w.:-]{1,128}$/;

/** Callers of this listener are our own processes and operators' tools: their request ids go on into our logs. */
function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers['request-id'] ?? headers[federationHeaders.requestId];
  return typeof given === 'string' && readableId.test(given) ? given : randomUUID();
}

function neverAsked(): never {
  throw new Error('a route for users is served on the internal listener');
}
