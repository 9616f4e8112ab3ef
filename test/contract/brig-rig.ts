import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Type } from 'typebox';
import { type Brig, type BrigNeeds, openBrig } from '#brig';
import { login as loginRoute } from '#contract/client/login.ts';
import type { Push } from '#contract/events/push.ts';
import { type BackendDomain, parseBackendDomain, type UserId } from '#contract/ids.ts';
import { createUser } from '#contract/internal/users.ts';
import { Refusal } from '#contract/refusal.ts';
import type {
  AuthenticatedProvider,
  AuthenticatedUser,
  Route,
  RouteAnswer,
  RouteRequest,
  ServedRoute,
} from '#contract/route.ts';
import { compileParser } from '#contract/schema.ts';
import { openStorage, type Storage } from '#storage';

/** A brig with a real database and a clock of its own; requests go through the contract's schemas as at the gateway. */

export interface Rig extends AsyncDisposable {
  readonly brig: Brig;
  readonly storage: Storage;
  readonly clock: Clock;
  /** Calls a route with a body, query and so on as they come from the network. */
  send<R extends Route>(route: R, request?: RawRequest): Promise<RouteAnswer<R['answers']>>;
  /** Every event that was pushed, in order. */
  readonly pushes: readonly Push[];
  /** An active user with the password `correct-horse`. */
  addUser(email: string): Promise<AuthenticatedUser>;
  /** Gives a user clients of these ids. */
  addClients(user: AuthenticatedUser, ...ids: readonly string[]): Promise<void>;
  /** Logs in with `correct-horse`. */
  logIn(email: string, persist?: boolean, label?: string): Promise<LoggedIn>;
}

/** Unix milliseconds that only tests move. */
export interface Clock {
  now: number;
}

export interface RawRequest {
  readonly user?: AuthenticatedUser | AuthenticatedProvider;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Client API version; 5 when not given. */
  readonly version?: number;
  /** Values of `zuid` cookies. */
  readonly zuid?: readonly string[];
  /** An access token, sent as `Authorization: Bearer`. */
  readonly bearer?: string;
  readonly authorization?: string;
  /** By their names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface LoggedIn {
  readonly zuid: string;
  readonly accessToken: string;
  readonly user: AuthenticatedUser;
}

export const password = 'correct-horse';

export const ownDomain = parseBackendDomain('a.example.com') as BackendDomain;
export const noRemotes: BrigNeeds['remoteRules'] = {
  searchPolicyFor: () => 'no_search',
  handlePolicyFor: () => 'no_search',
  onlyInTeams: () => [],
  federatesWith: () => true,
  federatesWithBackend: () => true,
};

export async function openRig(url: string, needs: Partial<BrigNeeds> = {}): Promise<Rig> {
  await using opening = new AsyncDisposableStack();
  const keys = opening.adopt(await mkdtemp(join(tmpdir(), 'crosswire-rig-')), (path) =>
    rm(path, { recursive: true }),
  );
  const storage = opening.use(await openStorage({ url }));
  await empty(storage);
  const clock: Clock = { now: 1_800_000_000_000 };
  const pushes: Push[] = [];
  const brig = opening.use(
    await openBrig({
      ownDomain,
      storage,
      federation: undefined,
      remoteRules: noRemotes,
      mail: { log: true, from: 'noreply@a.example.com' },
      zauthKeys: keys,
      now: () => clock.now,
      events: { push: async (work, push) => work.onCommit(() => pushes.push(push)) },
      ...needs,
    }),
  );
  const owned = opening.move();
  const rig = createCaller(brig);
  const addClients = addClientsTo(storage, clock);
  return {
    brig,
    storage,
    clock,
    pushes,
    addClients,
    ...rig,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Suites may share a database, one test after the other. */
export async function empty(storage: Storage): Promise<void> {
  await storage.work(async ({ db }) => {
    await db.deleteFrom('account').execute();
    await db.deleteFrom('activation').execute();
    await db.deleteFrom('client').execute();
    await db.deleteFrom('client_nonce').execute();
    await db.deleteFrom('connection').execute();
    await db.deleteFrom('connection_intent').execute();
    await db.deleteFrom('cookie').execute();
    await db.deleteFrom('dead_letter').execute();
    await db.deleteFrom('deletion_code').execute();
    await db.deleteFrom('handle_reservation').execute();
    await db.deleteFrom('inbox').execute();
    await db.deleteFrom('key_package').execute();
    await db.deleteFrom('legalhold_device').execute();
    await db.deleteFrom('legalhold_listed_team').execute();
    await db.deleteFrom('legalhold_service').execute();
    await db.deleteFrom('legalhold_unsettled').execute();
    await db.deleteFrom('login_failure').execute();
    await db.deleteFrom('outbox').execute();
    await db.deleteFrom('password_reset').execute();
    await db.deleteFrom('prekey').execute();
    await db.deleteFrom('property').execute();
    await db.deleteFrom('provider').execute();
    await db.deleteFrom('provider_code').execute();
    await db.deleteFrom('search_term').execute();
    await db.deleteFrom('searchable_team').execute();
    await db.deleteFrom('team').execute();
    await db.deleteFrom('team_feature').execute();
    await db.deleteFrom('team_invitation').execute();
    await db.deleteFrom('team_member').execute();
    await db.deleteFrom('team_notification').execute();
    await db.deleteFrom('verification_code').execute();
  });
}

function addClientsTo(storage: Storage, clock: Clock): Rig['addClients'] {
  return async (user, ...ids) => {
    const common = { user_id: user.userId, type: 'permanent', created_at: clock.now, capabilities: '[]' };
    const none = { class: null, label: null, model: null, cookie: null, last_active: null };
    const rows = ids.map((id) => ({ id, ...common, ...none, mls_public_keys: '{}' }));
    await storage.work(({ db }) => db.insertInto('client').values(rows).execute());
  };
}

export function createCaller(
  brig: Brig,
  others: readonly ServedRoute[] = [],
): Pick<Rig, 'send' | 'addUser' | 'logIn'> {
  const served = [...brig.routes, ...brig.internalRoutes, ...others];

  async function send<R extends Route>(
    route: R,
    request: RawRequest = {},
  ): Promise<RouteAnswer<R['answers']>> {
    const handler = served.find((candidate) => candidate.route === route)?.handler;
    if (handler === undefined) throw new Error(`${route.method} ${route.path} is not served`);
    const { bearer, authorization = bearer === undefined ? undefined : `Bearer ${bearer}` } = request;
    const parsed: RouteRequest<Route> = {
      user: request.user as never,
      headers: request.headers ?? {},
      params: parse(Type.Object(route.params ?? {}), request.params ?? {}, 'path') as never,
      query: parse(Type.Object(route.query ?? {}), request.query ?? {}, 'query') as never,
      body: parseBody(route, request.body) as never,
      version: request.version ?? 5,
      cookies: (request.zuid ?? []).map((value) => ({ name: 'zuid', value })),
      authorization,
      requestId: 'test',
      signal: new AbortController().signal,
    };
    return (await handler(parsed as never)) as RouteAnswer<R['answers']>;
  }

  return {
    send,

    async addUser(email) {
      const { body } = await send(createUser, { body: { name: email, email, password } });
      return { userId: body.id as UserId, clientId: undefined, connectionId: '1' };
    },

    async logIn(email, persist = true, label) {
      const query = { persist: String(persist) };
      const answer = await send(loginRoute, { query, body: { email, password, ...(label && { label }) } });
      const accessToken = answer.body.access_token;
      return { zuid: zuidOf(answer) ?? '', accessToken, user: userOf(brig, accessToken) };
    },
  };
}

function parseBody({ body }: Route, given: unknown): unknown {
  if (body === undefined || (given === undefined && '~optional' in body)) return undefined;
  return parse(body, given, 'body');
}

function parse(schema: Parameters<typeof compileParser>[0], value: unknown, where: string): unknown {
  return compileParser(schema).parse(value, where);
}

interface WithHeaders {
  readonly headers?: Readonly<Record<string, string>>;
}

/** The `zuid` cookie that an answer sets; undefined when it sets none. */
export function zuidOf(answer: WithHeaders): string | undefined {
  return /^zuid=([^;]*)/.exec(answer.headers?.['set-cookie'] ?? '')?.[1];
}

/** What the gateway finds in an access token. */
export function userOf(brig: Brig, accessToken: string): AuthenticatedUser {
  const token = brig.tokens.verify(accessToken);
  if (token?.userId === undefined || token.connectionId === undefined) throw new Error('not an access token');
  return { userId: token.userId, clientId: token.clientId, connectionId: token.connectionId };
}

/** Makes a check for `assert.rejects`: a refusal with this label and status. */
export function refused(label: string, status: number, message?: RegExp): (error: unknown) => true {
  return (error) => {
    if (!(error instanceof Refusal)) throw new Error(`not a refusal: ${String(error)}`, { cause: error });
    const found = `${error.status} ${error.label}`;
    if (found !== `${status} ${label}`) {
      throw new Error(`found ${found} (${error.message}), expected ${status} ${label}`);
    }
    if (message !== undefined && !message.test(error.message)) {
      throw new Error(`found message '${error.message}', expected ${message}`);
    }
    return true;
  };
}
