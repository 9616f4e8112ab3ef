import type { Static, TSchema } from 'typebox';
import type { ClientId, ConversationId, ProviderId, UserId } from './ids.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

interface ClientApiVersions {
  readonly stable: readonly number[];
  readonly development: readonly number[];
}

/** Client API versions, in the forms that released servers speak (reference client-api 1.1, official-client 3). */
export const clientApiVersions: ClientApiVersions = {
  stable: [0, 1, 2, 3, 4, 5, 6, 7, 8],
  development: [],
};

/**
 * Who may call: `anyone`; `user`, with an access token; `bot` and `provider`, with tokens of theirs; `internal`, on the
 * operations listener, which has no authentication because clients never reach it.
 */
export type RouteAuth = 'anyone' | 'user' | 'bot' | 'provider' | 'internal';

/** What the gateway bounds in frequency. */
export type RouteLimit = 'login' | 'registration' | 'upload';

/** Answer schemas by status. `null`: the answer has no body. */
export type Answers = { readonly [status: number]: TSchema | null };

/** Client API versions that have a route: `[from, until)`. */
export type VersionRange = readonly [from: number, until?: number];

interface RouteDeclaration<P, Q, B, A, U> {
  readonly auth: U;
  /** All when not given. */
  readonly versions?: VersionRange;
  /** Schemas of path captures, by name. A capture that does not parse is a 404. */
  readonly params?: P;
  /** Schemas of query parameters by name; wrap in Type.Optional what may be absent. Values are strings. */
  readonly query?: Q;
  readonly body?: B;
  /** Names, in lower case, of the headers that the handler reads; it sees no others. */
  readonly headers?: readonly string[];
  readonly answers: A;
  /** One sentence for the OpenAPI page. */
  readonly about: string;
  /** Counts towards this limit of the gateway: per address, uploads per user. */
  readonly limit?: RouteLimit;
}

type Schemas = Readonly<Record<string, TSchema>>;

/** A client or internal end-point, declared once. */
export interface Route<
  P extends Schemas = Schemas,
  Q extends Schemas = Schemas,
  B extends TSchema | undefined = TSchema | undefined,
  A extends Answers = Answers,
  U extends RouteAuth = RouteAuth,
> extends RouteDeclaration<P, Q, B, A, U> {
  readonly method: Method;
  /** `/users/:domain/:uid`, without version prefix. */
  readonly path: string;
}

/** Declares a route. */
export function route<
  P extends Schemas = Record<never, TSchema>,
  Q extends Schemas = Record<never, TSchema>,
  B extends TSchema | undefined = undefined,
  const A extends Answers = Answers,
  U extends RouteAuth = RouteAuth,
>(method: Method, path: string, declaration: RouteDeclaration<P, Q, B, A, U>): Route<P, Q, B, A, U> {
  return { method, path, ...declaration };
}

/** Whether a client API version has the route. */
export function inVersion(route: Pick<Route, 'versions'>, version: number): boolean {
  const [from, until] = versionRange(route);
  return version >= from && version < until;
}

/** The versions that have the route: `[from, until)`. */
export function versionRange({ versions }: Pick<Route, 'versions'>): readonly [from: number, until: number] {
  return [versions?.[0] ?? 0, versions?.[1] ?? Number.POSITIVE_INFINITY];
}

/** The user behind an access token. */
export interface AuthenticatedUser {
  readonly userId: UserId;
  /** Present when the token is bound to a client. */
  readonly clientId: ClientId | undefined;
  /** The login session of a device; events that it causes are not echoed to it. */
  readonly connectionId: string;
}

/** A bot that a service acts for. Its token is for ever: whether the bot still is one is to be looked at. */
export interface AuthenticatedBot {
  readonly userId: UserId;
  readonly provider: ProviderId;
  readonly conversation: ConversationId;
}

/** Who provides services. */
export interface AuthenticatedProvider {
  readonly provider: ProviderId;
  /** When its session expires, unless it was ended before. Unix seconds. */
  readonly expiresAt: number;
}

/** Who is behind a token, by the kind of callers that a route is for. */
export interface Authenticated {
  readonly user: AuthenticatedUser;
  readonly bot: AuthenticatedBot;
  readonly provider: AuthenticatedProvider;
}

type OptionalKeys<S extends Schemas> = {
  [K in keyof S]: S[K] extends { '~optional': unknown } ? K : never;
}[keyof S];
type StaticMap<S extends Schemas> = { readonly [K in Exclude<keyof S, OptionalKeys<S>>]: Static<S[K]> } & {
  readonly [K in OptionalKeys<S>]?: Static<S[K]>;
};

/** What a handler is given: parsed input, never the listener's own request object. */
export interface RouteRequest<R> {
  /** Who calls; undefined where no token is asked for. */
  readonly user: R extends { auth: infer A extends keyof Authenticated } ? Authenticated[A] : undefined;
  readonly params: R extends Route<infer P, Schemas, TSchema | undefined, Answers> ? StaticMap<P> : never;
  readonly query: R extends Route<Schemas, infer Q, TSchema | undefined, Answers> ? StaticMap<Q> : never;
  readonly body: R extends Route<Schemas, Schemas, infer B, Answers>
    ? B extends TSchema
      ? Static<B>
      : undefined
    : never;
  /** The declared headers as received, by their name in lower case. */
  readonly headers: Readonly<Partial<Record<string, string>>>;
  /** Client API version of the request; the newest for internal routes. */
  readonly version: number;
  readonly cookies: readonly { readonly name: string; readonly value: string }[];
  /** The `Authorization` header as received; only for routes that judge tokens themselves (`/access`). */
  readonly authorization: string | undefined;
  readonly requestId: string;
  readonly signal: AbortSignal;
}

/** An answer of one of the declared statuses, with the body that its schema asks for. */
export type RouteAnswer<A extends Answers> = {
  [S in keyof A & number]: {
    readonly status: S;
    readonly headers?: Readonly<Record<string, string>>;
  } & (A[S] extends TSchema ? { readonly body: Static<A[S]> } : { readonly body?: undefined });
}[keyof A & number];

export type RouteHandler<R> =
  R extends Route<Schemas, Schemas, TSchema | undefined, infer A>
    ? (request: RouteRequest<R>) => Promise<RouteAnswer<A>> | RouteAnswer<A>
    : never;

/** A route with its handler, as a part hands it to the gateway. */
export interface ServedRoute {
  readonly route: Route;
  readonly handler: (request: never) => unknown;
}

/** Joins a declaration with its handler; the types of both must fit. */
export function handle<R extends Route>(declared: R, handler: RouteHandler<R>): ServedRoute {
  return { route: declared, handler: handler as ServedRoute['handler'] };
}
