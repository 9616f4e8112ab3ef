import type { IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { refuse } from '#contract/refusal.ts';
import { type BodyLimits, discardRest } from '../limits/body.ts';
import type { FormLimits } from '../limits/request-form.ts';
import { requestAnswered, requestFailed, requestRefused } from '../telemetry.ts';
import { asRefusal, errorAnswer, parserAnswer, send } from './answer.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The declared path, for metrics. */
    name?: string;
  }
}

export interface ListenAddress {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** Bounds of every request, in bytes, counts and milliseconds. */
export interface ListenerLimits extends BodyLimits, FormLimits {
  readonly maxHeaderBytes: number;
  readonly headersTimeoutMs: number;
  /** Whole request, body included. */
  readonly requestTimeoutMs: number;
  readonly keepAliveMs: number;
  /** An answer of which the caller takes nothing for this long is cut off. */
  readonly stalledAnswerMs: number;
  /** Connections open at once; a further one is closed unanswered. */
  readonly maxSockets: number;
  /** How long a stop waits for requests that are being served. */
  readonly drainMs: number;
}

export const defaultLimits: ListenerLimits = {
  maxBodyBytes: 1024 * 1024,
  bodyGraceMs: 5_000,
  minBytesPerSecond: 1024,
  maxUrlBytes: 8 * 1024,
  maxHeaders: 128,
  maxHeaderBytes: 64 * 1024,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 300_000,
  // Longer than the 60 s after which usual reverse proxies drop an idle connection, so that they close first.
  keepAliveMs: 72_000,
  stalledAnswerMs: 30_000,
  maxSockets: 10_000,
  drainMs: 10_000,
};

export interface FrameOptions {
  /** Name of the listener in metrics, logs and messages. */
  readonly name: string;
  readonly limits: ListenerLimits;
  /** Addresses of reverse proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies?: readonly string[];
  /** Takes a request id from the caller; else every request gets a new one. */
  requestId(raw: IncomingMessage): string;
  /** What the router sees of a request's target. */
  rewriteUrl(raw: IncomingMessage): string;
  /** Headers of every answer. */
  headersFor(request: FastifyRequest): Readonly<Record<string, string>>;
  /** Runs before routing has an effect; throws refusals. */
  check(request: FastifyRequest): void;
  /** Which requests to change protocols are not answered as plain ones but by the server's `upgrade` event. */
  readonly takesUpgrade?: (raw: IncomingMessage) => boolean;
}

/**
 * So much of a body is read ahead of whoever takes it, and one read of the socket beyond. Node's own 64 KiB are more
 * than a slow disk needs, and count against what a refused upload may cost.
 */
const readAheadBytes = 32 * 1024;

/**
 * Fastify's own validators and serialisers are never used: the contract's parsers are. Naming others keeps it from
 * loading a hundred modules at start.
 */
const noSchemas = { buildValidator: unused, buildSerializer: unused };

function unused(): never {
  throw new Error('a route was given a schema of Fastify; routes are declared in the contract');
}

/** Makes a Fastify instance that answers every failure, from the HTTP parser's to a bug, with an error body. */
export function createFrame(options: FrameOptions): FastifyInstance {
  const { name, limits } = options;
  const app = Fastify({
    logger: false,
    exposeHeadRoutes: false,
    requestIdHeader: false,
    // What comes in on open connections while they are being closed is still served.
    return503OnClosing: false,
    genReqId: options.requestId,
    rewriteUrl: options.rewriteUrl,
    trustProxy: options.trustedProxies === undefined ? false : [...options.trustedProxies],
    schemaController: { compilersFactory: noSchemas },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: limits.maxUrlBytes },
    keepAliveTimeout: limits.keepAliveMs,
    requestTimeout: limits.requestTimeoutMs,
    http: {
      highWaterMark: readAheadBytes,
      maxHeaderSize: limits.maxHeaderBytes,
      // Checked with the other headers, so that its absence is answered like every other fault.
      requireHostHeader: false,
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs),
      ...(options.takesUpgrade === undefined ? {} : { shouldUpgradeCallback: options.takesUpgrade }),
    },
    clientErrorHandler: (error, socket) => refuseConnection(name, error, socket),
    frameworkErrors: (error, request, reply) => fail(options, error, request, reply),
  });
  // Node would drop headers beyond a number silently; the check counts them instead.
  app.server.maxHeadersCount = 0;
  app.server.maxConnections = limits.maxSockets;
  // Told to go on only by whoever reads the body, so that a refusal comes before it is sent.
  for (const event of ['checkContinue', 'checkExpectation'] as const) {
    app.server.on(event, (request, response) => app.server.emit('request', request, response));
  }
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  app.setErrorHandler((error, request, reply) => fail(options, error, request, reply));
  app.setNotFoundHandler(() => {
    throw refuse('no-endpoint');
  });
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(options.headersFor(request));
    options.check(request);
    done();
  });
  app.addHook('onSend', (request, reply, _payload, done) => {
    discardRest(request.raw, reply.raw);
    // Without a listener for its expiry, Node closes the connection; after the answer its own keep-alive time holds.
    reply.raw.setTimeout(limits.stalledAnswerMs);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    requestAnswered({
      listener: name,
      method: request.method,
      route: routeName(request),
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1000,
    });
    done();
  });
  return app;
}

function routeName(request: FastifyRequest): string {
  return request.routeOptions.config?.name ?? 'none';
}

function fail(
  { name, headersFor }: FrameOptions,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  if (asRefusal(error) === undefined) requestFailed(name, request.id, routeName(request), error);
  const answer = errorAnswer(error);
  requestRefused(name, answer.label);
  void send(reply.headers(headersFor(request)), answer);
}

/** The parser could not make a request of what came in: there is only the socket to answer on. */
function refuseConnection(name: string, error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const { text, label } = parserAnswer(error);
  requestRefused(name, label);
  socket.end(text);
  const closing = setTimeout(() => socket.destroy(), 1_000).unref();
  socket.once('close', () => clearTimeout(closing));
}

/** A listener that is up. Disposing it stops taking requests, waits for those being served, and closes. */
export interface Listener extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `http://host:port` */
  readonly url: string;
}

/** Binds the address; an address that cannot be had is one clear error. */
export async function listen(
  app: FastifyInstance,
  { name, limits }: FrameOptions,
  { host, port }: ListenAddress,
): Promise<Listener> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'the port is in use' : ((cause as Error).message ?? code);
    throw new Error(`cannot listen for ${name} on ${host}:${port}: ${why}`, { cause });
  }
  const bound = app.server.address() as AddressInfo;
  const shown = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
  return {
    host,
    port: bound.port,
    url: `http://${shown}:${bound.port}`,
    async [Symbol.asyncDispose]() {
      const forced = setTimeout(() => app.server.closeAllConnections(), limits.drainMs);
      await app.close();
      clearTimeout(forced);
    },
  };
}
