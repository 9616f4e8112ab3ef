import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { parseBackendDomain } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Component } from '#contract/rpc.ts';
import {
  type ComponentRequest,
  type ComponentTransport,
  federationHeaders,
} from '#contract/rpc-transport.ts';
import { type BodyLimits, hasBody, readBody } from './limits/body.ts';

/** How this process answers a federator that runs in another one. */
export interface FederationRouteOptions {
  readonly transport: ComponentTransport;
  /** The component that serves an RPC: names are unique over components, and the path has only the name. */
  componentOf(rpc: string): Component | undefined;
  /** Largest body of an RPC; 64 MiB when not given. */
  readonly maxBodyBytes?: number;
}

const defaultMaxBodyBytes = 64 * 1024 * 1024;

/**
 * `POST /federation/:rpc`, the seam between federator and components (reference federation-api 1.3.3). Its headers
 * are believed, so only the federator may reach the listener that this is on.
 */
export function serveFederation(
  app: FastifyInstance,
  { transport, componentOf, maxBodyBytes = defaultMaxBodyBytes }: FederationRouteOptions,
  limits: BodyLimits,
): void {
  const config = { name: '/federation/:rpc' };
  app.post<{ Params: { rpc: string } }>('/federation/:rpc', { config }, async (request, reply) => {
    const { rpc } = request.params;
    const component = componentOf(rpc);
    if (component === undefined) throw refuse('no-endpoint');
    const body = await readRpcBody(request, reply, { ...limits, maxBodyBytes });
    const response = await transport.send(toComponentRequest(request, reply, { component, rpc, body }));
    if (response.contentType !== undefined) reply.header('content-type', response.contentType);
    const answer = response.body instanceof Uint8Array ? response.body : Readable.from(response.body);
    return reply.code(response.status).send(answer);
  });
}

async function readRpcBody(
  request: FastifyRequest,
  reply: FastifyReply,
  limits: BodyLimits,
): Promise<Buffer> {
  return hasBody(request.raw) ? await readBody(request.raw, reply.raw, limits) : Buffer.alloc(0);
}

function toComponentRequest(
  { headers, id }: FastifyRequest,
  reply: FastifyReply,
  called: Pick<ComponentRequest, 'component' | 'rpc' | 'body'>,
): ComponentRequest {
  const claimed = headers[federationHeaders.originDomain];
  if (typeof claimed !== 'string') throw refuse('no-origin-domain');
  const originDomain = parseBackendDomain(claimed);
  if (originDomain === undefined) throw refuse('domain-parse-error');
  const version = headers[federationHeaders.version];
  const deliveryId = headers[federationHeaders.deliveryId];
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return {
    ...called,
    originDomain,
    requestId: id,
    version: typeof version === 'string' ? version : undefined,
    deliveryId: typeof deliveryId === 'string' ? deliveryId : undefined,
    signal: controller.signal,
  };
}
