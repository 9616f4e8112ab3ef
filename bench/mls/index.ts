import { loadavg } from 'node:os';
import { openNetwork, type TestAnswer } from '#testkit';
import { watch } from '../fan-out/watching.ts';
import { writerFor } from '../fan-out/writing.ts';
import { mustBe } from '../message/chat.ts';
import { cpuMs } from '../relay/processes.ts';
import { type GroupSize, type Stage, type StagedGroup, setStage } from './stage.ts';

/**
 * What MLS costs the owner of a group, by how many members it has and on how many backends they are: an application
 * message, a commit, and for comparison a Proteus message to the same members. From the request of a client of the
 * owner to the frame on the socket of a member on each remote. Messages have a window of 8; commits come one after the
 * other, as they must.
 */

const sizes: readonly GroupSize[] = [1, 3, 10].flatMap((backends) =>
  [10, 100, 1_000].map((members) => ({ backends, members })),
);
const mostBackends = 10;
const window = 8;

/** What is sent: how, how many at once, and how it looks in a stream. */
interface Kind {
  readonly name: 'message' | 'commit' | 'proteus';
  readonly window: number;
  readonly path: (group: StagedGroup) => string;
  readonly type: string;
  readonly write: (group: StagedGroup, stage: Stage) => (number: number) => Buffer;
}

const mlsType = 'message/mls';
const kinds: readonly Kind[] = [
  {
    name: 'message',
    window,
    path: () => '/mls/messages',
    type: mlsType,
    write:
      ({ group }) =>
      (number) =>
        group.message(number),
  },
  {
    name: 'commit',
    window: 1,
    path: () => '/mls/commit-bundles',
    type: mlsType,
    write:
      ({ group }) =>
      (number) =>
        group.commit(number),
  },
  {
    name: 'proteus',
    window,
    path: ({ proteus: { domain, id } }) => `/conversations/${domain}/${id}/proteus/messages`,
    type: 'application/x-protobuf',
    write: ({ others }, { sender }) => writerFor(sender.client, others),
  },
];

export interface MlsMeasurement {
  readonly kind: Kind['name'];
  readonly backends: number;
  readonly members: number;
  readonly count: number;
  readonly perSecond: number;
  /** From the request to the last watcher's frame. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** User and system of the owner, each. */
  readonly cpuMsOwner: number;
  /** Of all remotes together. */
  readonly cpuMsRemotes: number;
  /** Bytes of a request. */
  readonly bytes: number;
  readonly load: number;
}

export async function run(): Promise<readonly MlsMeasurement[]> {
  await using network = await openNetwork({ backends: mostBackends });
  const stage = await setStage(network, sizes);
  const [first] = stage.groups;
  if (first === undefined) throw new Error('no groups');
  // The processes have just come up, and the first row would pay for it.
  for (const kind of kinds) await measure(stage, first, kind);
  const measured: MlsMeasurement[] = [];
  for (const group of stage.groups)
    for (const kind of kinds) measured.push(await measure(stage, group, kind));
  return measured;
}

/** So many that the owner's clock, which ticks in 10 ms, is fine enough. */
function countFor({ members, backends }: GroupSize, { name }: Kind): number {
  if (members >= 1_000) return 40;
  return name === 'commit' || backends === mostBackends ? 100 : 400;
}

async function measure(stage: Stage, group: StagedGroup, kind: Kind): Promise<MlsMeasurement> {
  using watching = await watch(group.watchers);
  const { sender, ownerPids, remotePids } = stage;
  const path = kind.path(group);
  const write = kind.write(group, stage);
  let bytes = 0;
  const send = (number: number): Promise<TestAnswer> => {
    const body = write(number);
    bytes = body.length;
    return sender.user.send(path, { raw: { type: kind.type, bytes: body } });
  };
  const exchange = async (number: number) => {
    const begun = performance.now();
    const seen = watching.seen(number);
    mustBe(201, await send(number));
    await seen;
    return performance.now() - begun;
  };
  const count = countFor(group, kind);
  // What is needed is in memory afterwards, and sessions are open.
  await exchange(count);
  const before = { owner: cpuMs(ownerPids), remotes: cpuMs(remotePids) };
  const start = performance.now();
  const took: number[] = [];
  let next = 0;
  const oneByOne = async () => {
    while (next < count) {
      const number = next;
      next += 1;
      took.push(await exchange(number));
    }
  };
  await Promise.all(Array.from({ length: kind.window }, oneByOne));
  const seconds = (performance.now() - start) / 1000;
  took.sort((one, other) => one - other);
  return {
    kind: kind.name,
    backends: group.backends,
    members: group.members,
    count,
    perSecond: rounded(count / seconds),
    p50Ms: rounded(took[Math.floor(count * 0.5)] ?? Number.NaN),
    p99Ms: rounded(took[Math.floor(count * 0.99)] ?? Number.NaN),
    cpuMsOwner: rounded((cpuMs(ownerPids) - before.owner) / count),
    cpuMsRemotes: rounded((cpuMs(remotePids) - before.remotes) / count),
    bytes,
    load: rounded(loadavg()[0] ?? Number.NaN),
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
