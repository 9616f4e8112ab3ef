import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { parseJson } from '#contract/json.ts';
import { refuse } from '#contract/refusal.ts';
import type {
  Authenticated,
  AuthenticatedProvider,
  Route,
  RouteLimit,
  RouteRequest,
  ServedRoute,
} from '#contract/route.ts';
import { isJsonBytes, isStreamed, type RawBody, rawBodyTypes, type StreamedBody } from '#contract/schema.ts';
import { type BodyLimits, hasBody, readBody } from '../limits/body.ts';
import { streamBody } from '../limits/streamed-body.ts';
import { type LooseAnswer, send, type WireAnswer, wireAnswer } from './answer.ts';
import { parseCookies } from './cookies.ts';
import { createRouteTable, type Endpoint, type Variant } from './route-table.ts';

/** What differs between the listeners that routes are served on. */
export interface AdapterOptions {
  readonly routes: readonly ServedRoute[];
  readonly body: BodyLimits;
  /** Client API version of a request. */
  versionOf(request: FastifyRequest): number;
  /** The caller of a route that asks for a token of this kind, or a refusal. */
  authenticate<K extends keyof Authenticated>(request: FastifyRequest, kind: K): Authenticated[K];
  /** Refuses a provider whose session was ended before its token expires. */
  assertSessionOpen(provider: AuthenticatedProvider): Promise<void>;
  /** Counts a request towards a limit, or refuses it. */
  limit(limit: RouteLimit, caller: string): void;
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Registers declared routes: the one place between Fastify and handlers, which know nothing of it. */
export function adaptRoutes(app: FastifyInstance, options: AdapterOptions): void {
  for (const endpoint of createRouteTable(options.routes)) {
    app.route({
      method: methods,
      url: endpoint.pattern,
      config: { name: endpoint.name },
      handler: async (request, reply) => send(reply, await serve(endpoint, request, reply, options)),
    });
  }
}

/** A `RouteRequest` before the types of its declaration are known. */
type ParsedRequest = { readonly [K in keyof RouteRequest<Route>]: RouteRequest<Route>[K] | unknown };

async function serve(
  endpoint: Endpoint,
  request: FastifyRequest,
  reply: FastifyReply,
  options: AdapterOptions,
): Promise<WireAnswer> {
  const version = options.versionOf(request);
  const variant = findVariant(endpoint, request.method, version);
  const { route } = variant;
  const kind = isTokenKind(route.auth) ? route.auth : undefined;
  const user = kind && options.authenticate(request, kind);
  // Only tokens of providers can be ended: others do not wait for it.
  if (user !== undefined && 'expiresAt' in user) await options.assertSessionOpen(user);
  assertAcceptable(route, request.headers.accept);
  if (route.limit !== undefined) options.limit(route.limit, limitedBy(user) ?? request.ip);
  const params = variant.params.parse(capturesOf(variant, request), 'path');
  const query = variant.query.parse(declaredQuery(route, request.query), 'query');
  const body = await parseBody(variant, request, reply, options.body);
  const parsed: ParsedRequest = {
    user,
    params,
    query,
    body,
    headers: declaredHeaders(route, request.headers),
    version,
    cookies: parseCookies(request.headers.cookie),
    authorization: kind === undefined ? request.headers.authorization : undefined,
    requestId: request.id,
    signal: abortedWithCaller(reply),
  };
  return wireAnswer((await variant.handler(parsed as never)) as LooseAnswer);
}

function isTokenKind(auth: Route['auth']): auth is keyof Authenticated {
  return auth === 'user' || auth === 'bot' || auth === 'provider';
}

/** Whoever calls with a token is counted by itself, not by its address. */
function limitedBy(user: Authenticated[keyof Authenticated] | undefined): string | undefined {
  if (user === undefined) return undefined;
  return 'userId' in user ? user.userId : user.provider;
}

function findVariant(endpoint: Endpoint, method: string, version: number): Variant {
  const variant = endpoint.find(method, version);
  if (variant !== undefined) return variant;
  const allowed = endpoint.methodsAt(version);
  if (allowed.length === 0) throw refuse('no-endpoint');
  throw refuse('method-not-allowed', {
    message: `found ${method}, expected ${allowed.join(' or ')}`,
    headers: { allow: allowed.join(', ') },
  });
}

function capturesOf({ captures }: Variant, request: FastifyRequest): Record<string, string> {
  const numbered = request.params as Record<string, string>;
  return Object.fromEntries(captures.map((name, index) => [name, numbered[index] ?? '']));
}

/** Only declared parameters: others are ignored, and none can come in under a name of `Object`'s. */
function declaredQuery(route: Route, query: unknown): Record<string, unknown> {
  const given = query as Record<string, unknown>;
  return Object.fromEntries(
    Object.keys(route.query ?? {})
      .filter((name) => Object.hasOwn(given, name))
      .map((name) => [name, given[name]]),
  );
}

function declaredHeaders({ headers = [] }: Route, given: IncomingHttpHeaders): ParsedRequest['headers'] {
  return Object.fromEntries(
    headers.flatMap((name) => (typeof given[name] === 'string' ? [[name, given[name]]] : [])),
  );
}

async function parseBody(
  { body, route }: Variant,
  request: FastifyRequest,
  reply: FastifyReply,
  limits: BodyLimits,
): Promise<unknown> {
  if (body === undefined) return undefined;
  if (route.body !== undefined && isStreamed(route.body))
    return streamedBody(route.body, request, reply, limits);
  if (!hasBody(request.raw)) return withoutBody(route, body);
  const bytes = await readBody(request.raw, reply.raw, limits);
  if (bytes.length === 0) return withoutBody(route, body);
  const contentType = request.headers['content-type'];
  const raw = route.body && rawBodyTypes(route.body);
  if (raw !== undefined) return rawBody(raw, contentType, bytes);
  assertJson(contentType);
  const value = parseJson(bytes, 'body');
  return route.body !== undefined && isJsonBytes(route.body) ? bytes : body.parse(value, 'body');
}

function streamedBody(
  schema: NonNullable<Route['body']>,
  { headers, raw }: FastifyRequest,
  reply: FastifyReply,
  limits: BodyLimits,
): StreamedBody {
  const expected = rawBodyTypes(schema) ?? [];
  const contentType = mediaType(headers['content-type']);
  if (!expected.includes(contentType)) throw unsupportedType(headers['content-type'], expected.join(' or '));
  const length = headers['content-length'];
  const announced = length === undefined ? undefined : Number(length);
  return { contentType, announced, bytes: streamBody(raw, reply.raw, limits) };
}

/** Clients name a content type also when they send nothing: it is the body's absence that counts. */
function withoutBody(route: Route, body: NonNullable<Variant['body']>): unknown {
  if (route.body !== undefined && '~optional' in route.body) return undefined;
  const raw = route.body && rawBodyTypes(route.body);
  if (raw !== undefined || (route.body !== undefined && isJsonBytes(route.body)))
    throw refuse('bad-request', {
      message: `body: found nothing, expected ${raw?.join(' or ') ?? 'JSON'}`,
    });
  return body.parse(undefined, 'body');
}

function rawBody(expected: readonly string[], contentType: string | undefined, bytes: Uint8Array): RawBody {
  const type = mediaType(contentType);
  if (type === 'application/json' && expected.includes(type)) assertJson(contentType);
  else if (!expected.includes(type)) throw unsupportedType(contentType, expected.join(' or '));
  return { contentType: type, bytes };
}

function mediaType(contentType: string | undefined): string {
  return ((contentType ?? '').split(';', 1)[0] ?? '').trim().toLowerCase();
}

function assertJson(contentType: string | undefined): void {
  const [, ...parameters] = (contentType ?? '').toLowerCase().split(';');
  const charset = parameters.map((text) => text.trim()).find((text) => text.startsWith('charset='));
  const isUtf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset);
  if (mediaType(contentType) === 'application/json' && isUtf8) return;
  throw unsupportedType(contentType, 'application/json in UTF-8');
}

function unsupportedType(contentType: string | undefined, expected: string) {
  const found = contentType === undefined ? 'none' : JSON.stringify(contentType.slice(0, 100));
  return refuse('unsupported-media-type', { message: `content-type: found ${found}, expected ${expected}` });
}

const acceptable = new Set(['*/*', 'application/*', 'application/json', '']);

/** As servant: only an `Accept` that names other types alone is refused, and only where clients are answered something. */
function assertAcceptable(route: Route, accept: string | undefined): void {
  if (
    accept === undefined ||
    route.auth === 'internal' ||
    Object.values(route.answers).every((schema) => schema === null || isStreamed(schema))
  )
    return;
  const types = accept.split(',').map((range) => (range.split(';')[0] ?? '').trim().toLowerCase());
  if (types.some((type) => acceptable.has(type))) return;
  throw refuse('not-acceptable', { message: 'accept: the endpoint answers application/json only' });
}

/** A signal that aborts when the caller goes away before its answer was written. */
function abortedWithCaller(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}
