import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Push } from '#contract/events/push.ts';
import { getMlsClients, getUserClients } from '#contract/federation/brig.ts';
import type { AnsweredRpc, FederationCaller } from '#contract/federation-caller.ts';
import {
  type BackendDomain,
  type ClientId,
  type ConversationId,
  parseBackendDomain,
  type Qualified,
  type TeamId,
  type UserId,
} from '#contract/ids.ts';
import type { LegalholdStatus } from '#contract/profiles.ts';
import { Refusal } from '#contract/refusal.ts';
import type { Route, RouteAnswer, RouteRequest } from '#contract/route.ts';
import type { InputOf, OutputOf, Rpc } from '#contract/rpc.ts';
import { createDispatcher } from '#contract/rpc-dispatch.ts';
import { permissionsOf, type TeamRole } from '#contract/teams.ts';
import { type Galley, type GalleySettings, type OwnUser, openGalley, openRemovalKeys } from '#galley';
import { openOutbox } from '#outbox';
import { openStorage, type Storage } from '#storage';
import { setLogLevel } from '#telemetry';

/** What the tests of conversations share: galley on a real database, with people and remotes by script. */

function domain(text: string): BackendDomain {
  const parsed = parseBackendDomain(text);
  if (parsed === undefined) throw new Error(`${text} is not a domain`);
  return parsed;
}

export const a = domain('a.example.com');
export const b = domain('b.example.com');
export const c = domain('c.example.com');

export type User = Qualified<UserId>;

/** A user of a backend that nobody has heard of. */
export function userOf(at: BackendDomain): User {
  return { domain: at, id: randomUUID() as UserId };
}

export interface Told {
  readonly to: readonly BackendDomain[];
  readonly rpc: string;
  readonly lane: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export interface Called {
  readonly domain: BackendDomain;
  readonly rpc: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** The id of a client of a legal hold service. */
export const listener = '1e' as ClientId;

/** What a remote answers to a call, as JSON; a throw is a remote that fails. */
export type Script = (call: Called) => unknown;

export interface Rig extends AsyncDisposable {
  readonly storage: Storage;
  readonly galley: Galley;
  /** Clients of own users; those of others are asked for by the script. */
  readonly clients: Map<UserId, readonly ClientId[]>;
  /** How own users stand to legal hold. */
  readonly legalhold: Map<UserId, LegalholdStatus>;
  readonly pushes: Push[];
  readonly told: Told[];
  readonly calls: Called[];
  /** Answers the calls from now on. */
  script: Script;
  /** An own user. */
  user(values?: Partial<OwnUser> & { readonly role?: TeamRole }): User;
  /** Both accept. */
  connect(one: User, ...others: readonly User[]): void;
  disconnect(one: User, other: User): void;
  /** A client request to galley; refusals are thrown. */
  send<R extends Route>(
    user: User,
    route: R,
    parts?: Parts<R>,
    through?: Galley,
  ): Promise<RouteAnswer<R['answers']>>;
  /** A federated request to galley. */
  receive<R extends Rpc>(
    origin: BackendDomain,
    rpc: R,
    input: InputOf<R>,
    options?: ReceiveOptions,
  ): Promise<Received<R>>;
  /** Another galley on the same database, as after a restart. */
  openAgain(): Galley;
  /** Events in the order in which they were pushed, to a user or to anybody. */
  eventsOf(user?: User): readonly string[];
}

export type Parts<R extends Route> = Partial<Pick<RouteRequest<R>, 'params' | 'query' | 'body'>> & {
  readonly version?: number;
  /** The client behind the token. */
  readonly client?: ClientId;
};

export interface ReceiveOptions {
  readonly version?: number;
  readonly deliveryId?: string;
}

export interface Received<R> {
  readonly status: number;
  readonly body: OutputOf<R> & { readonly label?: string };
}

/** Every backend answers and federates with every other; users let themselves be added. */
export const willingRemotes: Script = ({ rpc }) => {
  if (rpc === 'get-not-fully-connected-backends') return { non_connected_backends: [] };
  if (rpc === 'api-version') return { supported_versions: [0, 1], supported: [0, 1] };
  return {};
};

/** Galley alone, on SQLite in a folder of its own or on a given database. */
export async function openRig(
  settings: Partial<GalleySettings> = {},
  url?: string,
  { hasMls = false }: { readonly hasMls?: boolean } = {},
): Promise<Rig> {
  setLogLevel('silent');
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'crosswire-galley-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const storage = stack.use(await openStorage({ url: url ?? `sqlite:${join(folder, 'test.db')}` }));
  const inbox = stack.use(
    openOutbox({
      ownDomain: a,
      storage,
      federation: undefined,
      queuedRpcs: [],
      dispatcher: () => createDispatcher([], { onBug: () => undefined }),
    }),
  );
  const removalKeys = hasMls ? await openRemovalKeys(join(folder, 'removal-keys')) : undefined;
  const accounts = new Map<UserId, OwnUser>();
  const roles = new Map<UserId, TeamRole>();
  const permissionsIn = (id: UserId, team = accounts.get(id)?.team) =>
    team == null || accounts.get(id)?.team !== team ? undefined : permissionsOf(roles.get(id) ?? 'owner');
  const accepted = new Set<string>();
  const key = (one: User, other: User) => [one, other].map(({ domain: at, id }) => `${at}/${id}`).join(' ');
  const isConnected = (one: User, other: User) => accepted.has(key(one, other));
  const clients = new Map<UserId, readonly ClientId[]>();
  const legalhold = new Map<UserId, LegalholdStatus>();
  const classOf = (client: ClientId) => (client === listener ? { class: 'legalhold' as const } : {});
  const pushes: Push[] = [];
  const told: Told[] = [];
  const calls: Called[] = [];
  const federation: FederationCaller = {
    async call<R extends AnsweredRpc>(to: BackendDomain, rpc: R, input: InputOf<R>): Promise<OutputOf<R>> {
      const call = { domain: to, rpc: rpc.name, input: JSON.parse(JSON.stringify(input)) };
      calls.push(call);
      const answer: unknown = await rig.script(call);
      return rpc.parseOutput.parse(JSON.parse(JSON.stringify(answer)), 'answer') as OutputOf<R>;
    },
  };
  const open = () =>
    openGalley({
      ownDomain: a,
      storage,
      federation,
      users: {
        listOwn: async (ids) => [...new Set(ids)].flatMap((id) => accounts.get(id) ?? []),
        connectedWith: async (id, others) => others.filter((other) => isConnected({ domain: a, id }, other)),
        connectedTo: async (remote, ids) =>
          new Set(ids.filter((id) => isConnected(remote, { domain: a, id }))),
      },
      clients: {
        own: async (ids) =>
          new Map(
            ids.map((id) => [
              id,
              (clients.get(id) ?? []).map((client) => ({ id: client, ...classOf(client) })),
            ]),
          ),
        async remote(to, ids) {
          const told = await federation.call(to, getUserClients, { users: [...ids] });
          return new Map(Object.entries(told).map(([id, found]) => [id as UserId, found]));
        },
      },
      legalhold: { statusesOf: async () => legalhold },
      migration: { find: async () => undefined, allSupportMls: async () => false },
      mlsClients: {
        own: async (ids) =>
          new Map(
            ids.map((id) => [id, (clients.get(id) ?? []).map((client) => ({ id: client, mls: true }))]),
          ),
        async remote(to, ids, suite) {
          const told = ids.map(async (id) => {
            const question = { user_id: id, cipher_suite: suite };
            return [id, await federation.call(to, getMlsClients, question)] as const;
          });
          return new Map(await Promise.all(told));
        },
      },
      audience: {
        listTeam: async (team, limit, only) =>
          [...accounts.values()]
            .filter((account) => account.team === team && only?.includes(account.id) !== false)
            .map(({ id }) => id)
            .slice(0, limit),
        listContacts: async (id) =>
          [...accounts.keys()].filter((other) => isConnected({ domain: a, id }, { domain: a, id: other })),
      },
      teams: {
        permissionsOf: async (id, team) => permissionsIn(id, team),
        ownPermissionsOf: async (id) => permissionsIn(id),
      },
      events: {
        async push(work, push) {
          work.onCommit(() => pushes.push(push));
        },
        async pushMany(work, many) {
          work.onCommit(() => pushes.push(...many));
        },
      },
      outbox: {
        async tell(work, to, rpc, lane, input) {
          const parsed: Told['input'] = JSON.parse(JSON.stringify(input));
          rpc.parseInput.parse(parsed, 'input');
          work.onCommit(() => told.push({ to, rpc: rpc.name, lane, input: parsed }));
        },
      },
      inbox,
      ...(removalKeys === undefined ? {} : { removalKeys }),
      settings,
    });
  const galley = stack.use(open());
  const dispatcher = createDispatcher(galley.rpcs, {
    onBug: (error) => {
      throw error;
    },
  });
  const owned = stack.move();
  const rig: Rig = {
    storage,
    galley,
    clients,
    legalhold,
    pushes,
    told,
    calls,
    script: willingRemotes,
    user({ role, ...values } = {}) {
      const user = userOf(a);
      accounts.set(user.id, { id: user.id, team: null, isActivated: true, isBot: false, ...values });
      if (role !== undefined) roles.set(user.id, role);
      return user;
    },
    connect(one, ...others) {
      for (const other of others) accepted.add(key(one, other)).add(key(other, one));
    },
    disconnect(one, other) {
      accepted.delete(key(one, other));
      accepted.delete(key(other, one));
    },
    async send(user, declared, { client, ...parts } = {}, through = galley) {
      const served = through.routes.find(({ route }) => route === declared);
      if (served === undefined) throw new Error(`${declared.method} ${declared.path} is not served`);
      const whole = {
        user: { userId: user.id, clientId: client, connectionId: '1' },
        params: {},
        query: {},
        version: declared.versions?.[0] ?? 5,
        requestId: 'test',
        signal: new AbortController().signal,
        ...parts,
      };
      return (await served.handler(whole as never)) as never;
    },
    async receive(origin, rpc, input, { version = 1, deliveryId } = {}) {
      const answer = await dispatcher.send({
        component: rpc.component,
        rpc: rpc.name,
        originDomain: origin,
        requestId: 'test',
        version: String(version),
        ...(deliveryId === undefined ? {} : { deliveryId }),
        body: Buffer.from(JSON.stringify(input)),
        signal: new AbortController().signal,
      });
      const text = Buffer.from(answer.body as Uint8Array).toString('utf8');
      return { status: answer.status, body: JSON.parse(text) };
    },
    openAgain: open,
    eventsOf: (user) =>
      pushes
        .filter(({ recipients }) => user === undefined || recipients.some((to) => to.user === user.id))
        .map(({ event }) => event.type.replace('conversation.', '')),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
  return rig;
}

/** Says whether an error is a refusal of this key. */
export function refusal(key: string): (error: unknown) => boolean {
  return (error) => {
    if (error instanceof Refusal && error.key === key) return true;
    throw new Error(`expected the refusal ${key}, found ${String(error)}`, { cause: error });
  };
}

/** A team that has nobody yet. */
export function newTeam(): TeamId {
  return randomUUID() as TeamId;
}

/** The id of a conversation that is nowhere. */
export function newConversationId(): ConversationId {
  return randomUUID() as ConversationId;
}
