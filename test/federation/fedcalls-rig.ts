import assert from 'node:assert/strict';
import type { Rpc } from '#contract/rpc.ts';
import {
  type NetworkBackend,
  type RemoteBackend,
  remoteBackend,
  type ScriptedRpc,
  type TestAnswer,
  type TestNetwork,
  until,
} from '#testkit';

/*
 * Each client call that federates, once for each federated call that it causes: the call is made, the federated call is
 * seen arriving at a remote that records everything; then the remote is down, and the client sees what it should.
 */

/** What a client sees while the remote does not answer. */
export interface WhenDown {
  readonly status: number;
  /** A label, or members of the body. */
  readonly shows?: string | ((body: Readonly<Record<string, unknown>>) => void);
}

export interface FederatedCall<Rig> {
  /** As in the table of client calls and federated calls: `post /conversations`. */
  readonly route: string;
  readonly rpc: Rpc;
  /** Makes the client call. Runs once with the remote up, and once with it down. */
  readonly call: (rig: Rig) => Promise<TestAnswer>;
  readonly status: number;
  /** What must be so for the call, made while the remote is still up. */
  readonly prepare?: (rig: Rig) => Promise<void>;
  readonly whenDown: WhenDown;
  /** A notification, which arrives when the remote is back; otherwise the call is answered or not at all. */
  readonly isQueued: boolean;
}

/** The name of a row's test. */
export function rowName({ route, rpc }: Pick<FederatedCall<unknown>, 'route' | 'rpc'>): string {
  return `${route} causes ${rpc.name}`;
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

/** A recorder in the place of a backend that is down. */
export function recorder(
  network: TestNetwork,
  { infrastructureDomain, ingress }: NetworkBackend,
  scripted: readonly ScriptedRpc[],
): Promise<RemoteBackend> {
  return remoteBackend({ authority: network.authority, infrastructureDomain, ingress }, scripted);
}

/** Makes the call with the remote up and sees the federated call arrive. */
export async function seeArriving<Rig>(
  rig: Rig,
  remote: RemoteBackend,
  row: FederatedCall<Rig>,
): Promise<void> {
  await row.prepare?.(rig);
  const before = remote.received.length;
  const answer = await row.call(rig);
  assert.equal(answer.status, row.status, JSON.stringify(answer.body));
  const wanted = `${row.rpc.component}/${row.rpc.name}`;
  const arrived = await until(`${wanted} to arrive`, () =>
    remote.received.slice(before).find(({ name }) => name === wanted),
  );
  row.rpc.parseInput.parse(arrived.input, wanted);
}

/** Makes the call with the remote down. */
export async function seeDown<Rig>(rig: Rig, row: FederatedCall<Rig>): Promise<void> {
  const { status, shows } = row.whenDown;
  const answer = await row.call(rig);
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  if (typeof shows === 'string') assert.equal(answer.get('label'), shows);
  else shows?.(answer.body as Readonly<Record<string, unknown>>);
}
