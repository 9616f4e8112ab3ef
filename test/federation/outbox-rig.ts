import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Type } from 'typebox';
import { apiVersion } from '#contract/federation/brig.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { type Refusal, refuse } from '#contract/refusal.ts';
import { olderInput, type RpcHandler, rpc, type ServedRpc, type TogetherHandler } from '#contract/rpc.ts';
import { createFederationCaller } from '#contract/rpc-caller.ts';
import { createDispatcher } from '#contract/rpc-dispatch.ts';
import type {
  ComponentRequest,
  ComponentTransport,
  RpcRequest,
  RpcResponse,
  RpcTransport,
} from '#contract/rpc-transport.ts';
import { federationHeaders } from '#contract/rpc-transport.ts';
import { Empty } from '#contract/schema.ts';
import { type Outbox, type OutboxSettings, openOutbox } from '#outbox';
import { openStorage, type Storage } from '#storage';
import { setLogLevel } from '#telemetry';
import { openPostgresServer, type PostgresServer } from '#testkit';

/** Two outboxes, a sender's and a receiver's, on databases of their own, with a wire between them that can fail. */

setLogLevel('silent');

export const a = 'a.example.com' as BackendDomain;
export const b = 'b.example.com' as BackendDomain;

const Counted = Type.Object({ lane: Type.String(), number: Type.Integer() });

/** A notification of these tests; its body had other names in version 0. */
export const onNumberCounted = rpc('galley', 'on-number-counted', {
  about: 'Counts, for tests.',
  input: Counted,
  output: Empty,
  delivery: 'queued',
  older: olderInput(1, Type.Object({ cLane: Type.String(), cNumber: Type.Integer() }), {
    read: ({ cLane, cNumber }): Type.Static<typeof Counted> => ({ lane: cLane, number: cNumber }),
    write: ({ lane, number }) => ({ cLane: lane, cNumber: number }),
  }),
});

export interface Dialect {
  readonly name: 'sqlite' | 'postgres';
  freshUrl(): Promise<string>;
}

/** Both databases; dispose when the tests are over. */
export function openDialects(): { readonly dialects: readonly Dialect[] } & AsyncDisposable {
  const stack = new AsyncDisposableStack();
  let server: Promise<PostgresServer> | undefined;
  const sqlite: Dialect = {
    name: 'sqlite',
    async freshUrl() {
      const folder = await mkdtemp(join(tmpdir(), 'crosswire-outbox-'));
      stack.defer(() => rm(folder, { recursive: true, force: true }));
      return `sqlite:${join(folder, 'test.db')}`;
    },
  };
  const postgres: Dialect = {
    name: 'postgres',
    async freshUrl() {
      server ??= openPostgresServer().then((opened) => stack.use(opened));
      return (await server).createDatabase();
    },
  };
  return { dialects: [sqlite, postgres], [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** A number of a lane, as the receiver took it. */
export interface Received {
  readonly lane: string;
  readonly number: number;
}

type Handler = RpcHandler<typeof onNumberCounted>;

export interface ReceiverOptions {
  readonly url: string;
  readonly domain?: BackendDomain;
  /** False: as wire-server, it takes no bundles and knows no delivery ids. */
  readonly crosswire?: boolean;
  /** Notifications of a lane that follow each other are taken in one unit of work; true when left out. */
  readonly together?: boolean;
  readonly versions?: readonly number[];
  readonly settings?: Partial<OutboxSettings>;
  /** Called before a notification is taken; throws to refuse it. */
  readonly judge?: (received: Received, context: Parameters<Handler>[0]) => Promise<void> | void;
}

/** The other end: takes numbers exactly once, as a part does. */
export interface Receiver extends AsyncDisposable {
  readonly domain: BackendDomain;
  readonly dispatcher: ComponentTransport;
  /** Committed, in order. */
  readonly received: Received[];
  /** How many were taken in each unit of work that has committed. */
  readonly units: number[];
  /** Requests as they came, before their bundles were opened. */
  readonly requests: ComponentRequest[];
  readonly outbox: Outbox;
  readonly storage: Storage;
  versions: readonly number[];
  judge: NonNullable<ReceiverOptions['judge']>;
}

export async function openReceiver(options: ReceiverOptions): Promise<Receiver> {
  await using stack = new AsyncDisposableStack();
  const { domain = b, crosswire = true, together = true } = options;
  const storage = stack.use(await openStorage({ url: options.url }));
  const requests: ComponentRequest[] = [];
  const received: Received[] = [];
  const units: number[] = [];
  const opened: { versions: readonly number[]; judge: Receiver['judge'] } = {
    versions: options.versions ?? [0, 1],
    judge: options.judge ?? (() => undefined),
  };
  const outbox = stack.use(
    openOutbox({
      ownDomain: domain,
      storage,
      federation: undefined,
      queuedRpcs: [onNumberCounted],
      dispatcher: () => dispatcher,
      settings: options.settings,
    }),
  );
  const takeAll: TogetherHandler<typeof onNumberCounted>['together'] = async (calls) => {
    for (const { context, input } of calls) await opened.judge(input, context);
    await storage.work(async (work) => {
      work.onCommit(() => units.push(calls.length));
      const first = crosswire ? await outbox.onlyFirst(work, calls) : calls;
      for (const { input } of first) work.onCommit(() => received.push(input));
    });
  };
  const take: Handler = async (context, input) => {
    await takeAll([{ context, input }]);
    return {};
  };
  const served: readonly ServedRpc[] = [
    {
      rpc: onNumberCounted,
      handler: take as ServedRpc['handler'],
      ...(together && { together: takeAll as ServedRpc['together'] }),
    },
    {
      rpc: apiVersion,
      handler: () => ({
        supported_versions: [...opened.versions],
        supported: [0, 1],
        ...(crosswire ? { crosswire: { bundles: true } } : {}),
      }),
    },
    ...(crosswire ? outbox.rpcs : []),
  ];
  const bugs: unknown[] = [];
  const dispatcher = createDispatcher(served, { onBug: (error) => bugs.push(error) });
  const owned = stack.move();
  return Object.assign(opened, {
    domain,
    storage,
    outbox,
    received,
    units,
    requests,
    dispatcher: {
      send: (request: ComponentRequest) => {
        requests.push(request);
        return dispatcher.send(request);
      },
    },
    async [Symbol.asyncDispose]() {
      await owned.disposeAsync();
      if (bugs.length > 0) throw new Error('a handler failed with what is no refusal', { cause: bugs[0] });
    },
  });
}

/** What happens to one request on the wire. */
export type Fate = 'arrives' | 'is lost' | 'answer is lost';

/** The way from one backend to others, by function. What fails on it fails as at a federator. */
export class Wire implements RpcTransport {
  readonly origin: BackendDomain;
  readonly #receivers = new Map<string, ComponentTransport>();
  /** Remotes that can be reached; each has a number that changes when it comes back. */
  readonly #up = new Map<string, number>();
  readonly sent: RpcRequest[] = [];
  #sessions = 0;
  fate: (request: RpcRequest) => Promise<Fate> | Fate = () => 'arrives';
  /** A refusal of our own federator or of the remote's, in place of sending. */
  refusal: (request: RpcRequest) => Refusal | undefined = () => undefined;

  constructor(origin: BackendDomain = a) {
    this.origin = origin;
  }

  connect(domain: BackendDomain, to: ComponentTransport): void {
    this.#receivers.set(domain, to);
    this.#sessions += 1;
    this.#up.set(domain, this.#sessions);
  }

  /** The remote is gone, and with it the answers of what it was just asked. */
  disconnect(domain: BackendDomain): void {
    this.#up.delete(domain);
  }

  async send(request: RpcRequest): Promise<RpcResponse> {
    this.sent.push(request);
    const refusal = this.refusal(request);
    if (refusal !== undefined) return errorOf(refusal);
    const session = this.#up.get(request.domain);
    const to = this.#receivers.get(request.domain);
    if (session === undefined || to === undefined) return errorOf(refuse('federation-connection-refused'));
    if (request.session !== undefined && request.session !== session)
      return { status: 412, headers: {}, body: whole(Buffer.alloc(0)), session: 'lost' };
    const fate = await this.fate(request);
    if (fate === 'is lost') return errorOf(refuse('federation-http2-error'));
    const answer = await to.send(this.#toComponent(request));
    if (fate === 'answer is lost' || this.#up.get(request.domain) !== session)
      return errorOf(refuse('federation-http2-error'));
    const body = answer.body as Uint8Array;
    if (answer.status === 200)
      return { status: 200, headers: { 'content-type': 'application/json' }, body: whole(body), session };
    return errorOf(remoteError(answer.status, JSON.parse(Buffer.from(body).toString())));
  }

  #toComponent(request: RpcRequest): ComponentRequest {
    return {
      component: request.component,
      rpc: request.rpc,
      originDomain: this.origin,
      requestId: request.headers[federationHeaders.requestId] ?? 'none',
      version: request.headers[federationHeaders.version],
      deliveryId: request.headers[federationHeaders.deliveryId],
      body: request.body,
      signal: request.signal ?? new AbortController().signal,
    };
  }
}

/** What a remote answered, as its caller's federator wraps it. */
export function remoteError(code: number, inner: unknown): Refusal {
  return refuse('federation-remote-error', {
    message: `A remote federator failed with status code: ${code}`,
    inner,
  });
}

function errorOf(refusal: Refusal): RpcResponse {
  const body = whole(Buffer.from(JSON.stringify(refusal.body())));
  return { status: refusal.status, headers: { 'content-type': 'application/json' }, body };
}

async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes;
}

export interface SenderOptions {
  readonly url: string;
  readonly wire: RpcTransport;
  readonly settings?: Partial<OutboxSettings>;
  readonly now?: () => number;
}

export interface Sender extends AsyncDisposable {
  readonly storage: Storage;
  readonly outbox: Outbox;
  /** Commits numbers of a lane, each in a unit of work of its own, all at once. */
  count(lane: string, from: number, to: number, domains?: readonly BackendDomain[]): Promise<void>;
}

export async function openSender({ url, wire, settings, now }: SenderOptions): Promise<Sender> {
  await using stack = new AsyncDisposableStack();
  const storage = stack.use(await openStorage({ url }));
  const federation = createFederationCaller({
    ownDomain: a,
    transport: wire,
    maxAnswerBytes: 1024 * 1024,
    versionMaxAgeMs: 60_000,
  });
  const outbox = stack.use(
    openOutbox({
      ownDomain: a,
      storage,
      federation,
      queuedRpcs: [onNumberCounted],
      dispatcher: () => createDispatcher([], { onBug: () => undefined }),
      settings: { pollMs: 25, closeGraceMs: 500, ...settings },
      now,
    }),
  );
  const owned = stack.move();
  return {
    storage,
    outbox,
    async count(lane, from, to, domains = [b]) {
      // One after the other where nothing else orders them: a lane's order is that of its units of work.
      for (let number = from; number <= to; number += 1)
        await storage.work((work) => outbox.tell(work, domains, onNumberCounted, lane, { lane, number }));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What the receiver has of each lane, in its order. */
export function byLane(received: readonly Received[]): ReadonlyMap<string, readonly number[]> {
  const lanes = new Map<string, number[]>();
  for (const { lane, number } of received) {
    const numbers = lanes.get(lane);
    if (numbers === undefined) lanes.set(lane, [number]);
    else numbers.push(number);
  }
  return lanes;
}

/** `[1, …, n]` */
export function upTo(n: number): readonly number[] {
  return Array.from({ length: n }, (_, index) => index + 1);
}
