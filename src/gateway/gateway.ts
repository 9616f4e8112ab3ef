import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { BackendDomain } from '#contract/ids.ts';
import { Refusal, refuse } from '#contract/refusal.ts';
import type { AuthenticatedProvider, RouteLimit, ServedRoute } from '#contract/route.ts';
import type { VerifyToken } from '#contract/verified-token.ts';
import { adaptRoutes } from './adapter/adapt.ts';
import { send } from './adapter/answer.ts';
import {
  createFrame,
  defaultLimits,
  type FrameOptions,
  type ListenAddress,
  type Listener,
  type ListenerLimits,
  listen,
} from './adapter/listener.ts';
import { type CorsOptions, corsHeaders, preflightHeaders } from './cors.ts';
import { createRateLimiter, type Rate, tooMany } from './limits/rate-limiter.ts';
import { assertRequestForm, originForm } from './limits/request-form.ts';
import { serveDocumentation } from './openapi/documentation.ts';
import { authenticateAs } from './tokens/authenticate.ts';
import { cacheTokens } from './tokens/token-cache.ts';
import { asksForWebSocket, type OnUpgrade } from './upgrades.ts';
import { serveApiVersion } from './versions/api-version.ts';
import { enabledVersions, readVersion, type Target, type VersionSet } from './versions/version-prefix.ts';

export interface GatewayOptions {
  readonly listen: ListenAddress;
  /** Routes of every part; internal ones are left out, they are never reachable here. */
  readonly routes: readonly ServedRoute[];
  readonly verifyToken: VerifyToken;
  /** Whether the session of a provider was not ended before its token expires; all are open when not given. */
  readonly isSessionOpen?: (caller: AuthenticatedProvider) => Promise<boolean>;
  readonly ownDomain: BackendDomain;
  readonly federationEnabled: boolean;
  /** `v2` turns one version off, `development` all under development. */
  readonly disabledVersions?: readonly string[];
  readonly limits?: Partial<ListenerLimits>;
  /** Requests per address or user; a limit that is not given does not hold. */
  readonly rates?: Readonly<Partial<Record<RouteLimit, Rate>>>;
  /** Pages of which origins may call; none when not given. */
  readonly cors?: CorsOptions;
  /** Clients reach this listener over TLS (that a proxy ends): they are told to stay with it. */
  readonly secure?: boolean;
  /** Addresses of reverse proxies whose `X-Forwarded-For` names the caller. */
  readonly trustedProxies?: readonly string[];
  /** Takes over a request to change protocols (WebSocket); without it such a request is answered as a plain one. */
  readonly onUpgrade?: OnUpgrade;
  /** Unix time in milliseconds. */
  readonly now?: () => number;
}

/** The client listener, up until disposed. */
export type Gateway = Listener;

const maxCachedTokens = 20_000;
const maxLimitedAddresses = 10_000;

/** Opens the listener that clients talk to. */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const versions = enabledVersions(options.disabledVersions ?? []);
  const targets = new Targets(versions);
  const frame = clientFrame(options, targets);
  const app = createFrame(frame);
  const now = options.now ?? Date.now;
  const verify = cacheTokens(options.verifyToken, { maxTokens: maxCachedTokens, now });
  const routes = clientRoutes(options, versions);
  answerPreflights(app);
  adaptRoutes(app, {
    routes,
    body: frame.limits,
    versionOf: (request) => targets.of(request).version,
    authenticate: (request, kind) => {
      const { headers, query } = request;
      const { access_token: accessToken } = query as Readonly<Record<string, unknown>>;
      const credentials = { authorization: headers.authorization, accessToken, cookie: headers.cookie };
      const path = targets.of(request).url.replace(/\?.*$/s, '');
      return authenticateAs(kind, credentials, path, verify);
    },
    assertSessionOpen: (provider) => assertSessionOpen(provider, options),
    limit: createLimits(options),
  });
  serveDocumentation(app, {
    routes: routes.map(({ route }) => route),
    domain: options.ownDomain,
    targetOf: (request) => targets.of(request),
  });
  if (options.onUpgrade !== undefined) app.server.on('upgrade', options.onUpgrade);
  return await listen(app, frame, options.listen);
}

async function assertSessionOpen(
  caller: AuthenticatedProvider,
  { isSessionOpen = async () => true }: GatewayOptions,
): Promise<void> {
  if (!(await isSessionOpen(caller)))
    throw refuse('unauthorized:token', { message: 'The session of this token was ended' });
}

function clientRoutes(options: GatewayOptions, versions: VersionSet): readonly ServedRoute[] {
  const apiVersion = serveApiVersion(versions, options.ownDomain, options.federationEnabled);
  return [apiVersion, ...options.routes.filter(({ route }) => route.auth !== 'internal')];
}

function clientFrame(options: GatewayOptions, targets: Targets): FrameOptions {
  const limits = { ...defaultLimits, ...options.limits };
  const cors = options.cors ?? { origins: [] };
  const fixed = {
    'x-content-type-options': 'nosniff',
    ...(options.secure === true ? { 'strict-transport-security': 'max-age=31536000' } : {}),
  };
  return {
    name: 'client',
    limits,
    trustedProxies: options.trustedProxies,
    ...(options.onUpgrade === undefined ? {} : { takesUpgrade: asksForWebSocket }),
    requestId: () => randomUUID(),
    rewriteUrl: (raw) => targets.take(raw),
    headersFor: ({ id, headers }) => ({
      ...fixed,
      'request-id': id,
      ...corsHeaders(headers.origin, cors),
    }),
    check: ({ raw, originalUrl }) => {
      assertRequestForm(raw, originForm(originalUrl), limits);
      targets.assertKnown(raw);
    },
  };
}

/** What each request's target was read as. The router sees the path without its version. */
class Targets {
  readonly #versions: VersionSet;
  readonly #known = new WeakMap<IncomingMessage, Target | Refusal>();

  constructor(versions: VersionSet) {
    this.#versions = versions;
  }

  take(raw: IncomingMessage): string {
    const target = readVersion(originForm(raw.url ?? '/'), this.#versions);
    this.#known.set(raw, target);
    return target instanceof Refusal ? '/' : target.url;
  }

  assertKnown(raw: IncomingMessage): void {
    const target = this.#known.get(raw);
    if (target instanceof Refusal) throw target;
  }

  of({ raw }: FastifyRequest): Target {
    const target = this.#known.get(raw);
    if (target === undefined || target instanceof Refusal)
      throw new Error('a target that was refused is served');
    return target;
  }
}

/** `OPTIONS` of whatever path says what a page may send, without a token, as nginz does. */
function answerPreflights(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.method !== 'OPTIONS') return done();
    const headers = preflightHeaders(request.headers['access-control-request-headers']);
    send(reply, { status: 204, headers, body: undefined });
  });
}

function createLimits({ rates = {} }: GatewayOptions) {
  const limiterOf = (rate: Rate | undefined) =>
    rate && createRateLimiter({ rate, maxAddresses: maxLimitedAddresses, now: () => performance.now() });
  const limiters = {
    login: limiterOf(rates.login),
    registration: limiterOf(rates.registration),
    upload: limiterOf(rates.upload),
  };
  return (limit: RouteLimit, caller: string): void => {
    const refused = limiters[limit]?.take(caller);
    if (refused !== undefined) throw tooMany(limit, refused.retryAfterSeconds);
  };
}
