import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { clientApiVersions, type Route, versionRange } from '#contract/route.ts';
import type { Rpc } from '#contract/rpc.ts';
import {
  type NetworkBackend,
  type ReceivedRpc,
  type RemoteBackend,
  remoteBackend,
  request,
  type ScriptedRpc,
  type TestAnswer,
  type TestNetwork,
  type TestRequest,
  type TestUser,
  until,
} from '#testkit';

/*
 * Each client call that federates, once for each federated call that it causes: the call is made, and the federated call
 * is seen arriving at a remote that records everything; then the remote is down, and the client sees what it should.
 */

/** What a client sees while the remote does not answer. */
export interface WhenDown<Rig> {
  readonly status: number;
  /** A label, or what is to be found in the body. */
  readonly shows?: string | ((body: Readonly<Record<string, unknown>>, rig: Rig) => void);
}

export interface FederatedCallRow<Rig> {
  readonly route: Route;
  readonly rpc: Rpc;
  /** Makes the client call. Runs once with the remote up, and once with it down. */
  readonly call: (rig: Rig) => Promise<TestAnswer>;
  readonly status: number;
  /** What must be so for the call, made while the remote is still up. */
  readonly prepare?: (rig: Rig) => Promise<void>;
  /** Undefined: the call is not made with the remote down. */
  readonly whenDown: WhenDown<Rig> | undefined;
  /**
   * For notifications: what is to be found in the one that the last call has caused. The one of the call that was made
   * with the remote down has arrived when it is back.
   */
  readonly carries?: (rig: Rig) => string;
}

/** Rows that are played in one network. */
export interface Subject<Rig> {
  /** As in the name of its file. */
  readonly name: string;
  readonly rows: readonly FederatedCallRow<Rig>[];
  /** Brings about what all rows need. */
  open(): Promise<Stage<Rig>>;
  /** What the remote answers that takes the place of the other backend. */
  script(rig: Rig): readonly ScriptedRpc[];
  /** Asks the remote something: who has noticed the end of the other backend may wait before it asks again. */
  reach?(rig: Rig): Promise<unknown>;
}

export interface Stage<Rig> extends AsyncDisposable {
  readonly network: TestNetwork;
  /** The one that is killed, and whose place the remote takes. */
  readonly other: NetworkBackend;
  readonly rig: Rig;
}

/** A row, for those who look only at what it is about. */
export type AnyRow = Pick<FederatedCallRow<never>, 'route' | 'rpc'>;

/** The name of a row's test. */
export function rowName({ route, rpc }: AnyRow): string {
  return `${route.method} ${route.path} causes ${rpc.name}`;
}

/** Answers an RPC; the answer is checked against its schema when it is given. */
export function says(rpc: Rpc, answer: (input: unknown) => unknown): ScriptedRpc {
  return {
    name: `${rpc.component}/${rpc.name}`,
    answer: ({ input }) => {
      const body = answer(input);
      rpc.parseOutput.parse(body, rpc.name);
      return { status: 200, body };
    },
  };
}

/**
 * Calls a route, in the newest version that has it; those of the operations listener have none.
 * @param params of its path; more than it has are no harm
 */
export function ask(
  user: Pick<TestUser, 'send'>,
  route: Route,
  params: Readonly<Record<string, string>>,
  {
    query = '',
    ...options
  }: Pick<TestRequest, 'body' | 'raw' | 'headers'> & { readonly query?: string } = {},
): Promise<TestAnswer> {
  const [, until] = versionRange(route);
  const version = Math.min(until - 1, Math.max(...clientApiVersions.stable));
  const prefix = route.auth === 'internal' ? '' : `/v${version}`;
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) throw new Error(`${route.path}: found nothing for ${name}`);
    return value;
  });
  return user.send(`${prefix}${path}${query}`, { method: route.method, ...options });
}

/** Who calls routes of the operations listener of a backend. */
export function operatorOf({ internalApi }: NetworkBackend): Pick<TestUser, 'send'> {
  return { send: (path, options) => request(`${internalApi}${path}`, options) };
}

/** Plays all rows of a subject, as tests. */
export function play<Rig>(subject: Subject<Rig>): void {
  const stack = new AsyncDisposableStack();
  let stage: Stage<Rig>;
  let remote: RemoteBackend;

  const openRemote = ({ network, other, rig }: Stage<Rig>) => {
    const { infrastructureDomain, ingress } = other;
    const { authority } = network;
    return remoteBackend({ authority, infrastructureDomain, ingress }, subject.script(rig));
  };

  describe(`client calls of ${subject.name}`, () => {
    before(async () => {
      stage = stack.use(await subject.open());
      await stage.network.kill(stage.other);
      remote = stack.use(await openRemote(stage));
      if (subject.reach === undefined) return;
      await until('the remote to be reached', async () => {
        await subject.reach?.(stage.rig);
        return remote.received.length > 0;
      });
    });
    after(() => stack.disposeAsync());

    describe('with the remote up', () => {
      for (const row of subject.rows) it(rowName(row), () => seeArriving(stage.rig, remote, row));
    });

    describe('with the remote down', () => {
      before(() => remote[Symbol.asyncDispose]());
      for (const row of subject.rows) {
        const { whenDown } = row;
        if (whenDown === undefined) continue;
        it(`${rowName(row)}, or shows that it cannot`, () => seeDown(stage.rig, row, whenDown));
      }
    });

    describe('with the remote back', () => {
      before(async () => {
        remote = stack.use(await openRemote(stage));
      });
      for (const row of subject.rows) {
        const { carries } = row;
        if (carries === undefined) continue;
        it(`${rowName(row)}, which arrives`, async () => {
          await seeDelivered(remote, row, carries(stage.rig));
        });
      }
    });
  });
}

/** Makes the call with the remote up and sees the federated call arrive. */
async function seeArriving<Rig>(rig: Rig, remote: RemoteBackend, row: FederatedCallRow<Rig>): Promise<void> {
  await row.prepare?.(rig);
  const before = remote.received.length;
  const answer = await row.call(rig);
  assert.equal(answer.status, row.status, JSON.stringify(answer.body));
  const arrived = await seeDelivered(remote, row, row.carries?.(rig), before);
  row.rpc.parseInput.parse(arrived.input, row.rpc.name);
}

/** Makes the call with the remote down. */
async function seeDown<Rig>(
  rig: Rig,
  row: FederatedCallRow<Rig>,
  { status, shows }: WhenDown<Rig>,
): Promise<void> {
  const answer = await row.call(rig);
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  if (typeof shows === 'string') assert.equal(answer.get('label'), shows);
  else shows?.(answer.body as Readonly<Record<string, unknown>>, rig);
}

/** Sees the federated call of a row arrive: the one with this text, after those that the remote had received before. */
async function seeDelivered(
  remote: RemoteBackend,
  { rpc }: AnyRow,
  text = '',
  before = 0,
): Promise<ReceivedRpc> {
  const wanted = `${rpc.component}/${rpc.name}`;
  return until(`${wanted} with ${text} to arrive`, () =>
    remote.received
      .slice(before)
      .find(({ name, input }) => name === wanted && JSON.stringify(input).includes(text)),
  );
}
