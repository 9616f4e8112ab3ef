import { loadavg } from 'node:os';
import { createUser, type NetworkBackend, openNetwork, type TestNetwork, type TestUser } from '#testkit';
import { addClient, mustBe } from '../message/chat.ts';
import { cpuMs } from '../relay/processes.ts';
import { type Conversation, type CrowdMember, enlist, enroll, makeCrowd, settle } from './crowd.ts';
import { type Watcher, watch } from './watching.ts';
import { writerFor } from './writing.ts';

/**
 * One message for many: from the request of a client of A to the frame on the socket of the last of the remotes, each
 * of which has one user who watches. What a further remote costs the owner is the difference between the rows with one
 * member each; what a further member costs, between the rows with one remote.
 */

const scenarios = [
  { remotes: 1, members: 1, clientsEach: 1, messages: 400 },
  { remotes: 5, members: 5, clientsEach: 1, messages: 400 },
  { remotes: 10, members: 10, clientsEach: 1, messages: 400 },
  { remotes: 1, members: 100, clientsEach: 2, messages: 200 },
  { remotes: 10, members: 100, clientsEach: 2, messages: 200 },
  { remotes: 1, members: 2_000, clientsEach: 1, messages: 20 },
] as const;

type Scenario = (typeof scenarios)[number];

const mostRemotes = 10;
const window = 8;

export interface FanOutMeasurement {
  readonly remotes: number;
  /** Members of remotes, all together. */
  readonly members: number;
  readonly clients: number;
  readonly messages: number;
  readonly perSecond: number;
  /** From the request to the last remote's frame. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** User and system of the owner, each message. */
  readonly cpuMsOwner: number;
  /** Of all remotes together. */
  readonly cpuMsRemotes: number;
  readonly load: number;
}

export async function run(): Promise<readonly FanOutMeasurement[]> {
  await using network = await openNetwork({ backends: mostRemotes + 1 });
  const running: Running = new Map(network.backends.map((backend) => [backend, backend.pids]));
  const measured: FanOutMeasurement[] = [];
  for (const scenario of scenarios) measured.push(await play(network, running, scenario));
  return measured;
}

/** The processes of each backend: others than at first when it was started again. */
type Running = Map<NetworkBackend, readonly number[]>;

async function play(network: TestNetwork, running: Running, scenario: Scenario): Promise<FanOutMeasurement> {
  const [owner, ...all] = network.backends;
  if (owner === undefined) throw new Error('no backends');
  const remotes = all.slice(0, scenario.remotes);
  const alice = await createUser(owner, { name: 'Alice' });
  const sender = await addClient(alice);
  const watchers = await Promise.all(remotes.map((backend) => openWatcher(backend, alice)));
  const group = {
    name: 'crowd',
    qualified_users: watchers.map(({ user: { domain, id } }) => ({ domain, id })),
  };
  const made = mustBe(201, await alice.send('/conversations', { body: group }));
  const conversation = made.get('qualified_id') as Conversation;
  const crowd = makeCrowds(remotes, scenario);
  if (crowd.length > 0) await gather(network, running, [owner, ...remotes], crowd, conversation);
  const everybody = [
    ...crowd,
    ...watchers.map(({ user, client }) => ({ domain: user.domain, user: user.id, clients: [client] })),
  ];
  const write = writerFor(sender, everybody);
  const pids = (backends: readonly NetworkBackend[]) => backends.flatMap((one) => running.get(one) ?? []);
  const processes = { owner: pids([owner]), remotes: pids(remotes) };
  return await measure({ alice, watchers, conversation, write, processes }, scenario, everybody);
}

async function openWatcher(backend: NetworkBackend, alice: TestUser): Promise<Watcher> {
  const user = await createUser(backend, { name: 'Watcher' });
  mustBe(201, await alice.send(`/connections/${user.domain}/${user.id}`, { method: 'POST' }));
  const accepted = { method: 'PUT', body: { status: 'accepted' } };
  mustBe(200, await user.send(`/connections/${alice.domain}/${alice.id}`, accepted));
  return { user, client: await addClient(user), backend };
}

function makeCrowds(
  remotes: readonly NetworkBackend[],
  { members, clientsEach }: Scenario,
): readonly CrowdMember[] {
  const each = Math.ceil((members - remotes.length) / remotes.length);
  return remotes.flatMap((backend) => makeCrowd(backend, each, clientsEach));
}

/** Brings the others in while the backends are down. */
async function gather(
  network: TestNetwork,
  running: Running,
  backends: readonly NetworkBackend[],
  crowd: readonly CrowdMember[],
  conversation: Conversation,
): Promise<void> {
  for (const backend of backends) await network.kill(backend);
  for (const backend of backends) {
    const ours = crowd.filter(({ domain }) => domain === backend.domain);
    if (backend.domain === conversation.domain) await enlist(backend, crowd, conversation);
    else {
      await enroll(backend, ours);
      await settle(backend, ours, conversation);
    }
  }
  await Promise.all(
    backends.map(async (backend) => {
      running.set(backend, [(await network.start(backend)).pid]);
    }),
  );
}

interface Play {
  readonly alice: TestUser;
  readonly watchers: readonly Watcher[];
  readonly conversation: Conversation;
  readonly processes: { readonly owner: readonly number[]; readonly remotes: readonly number[] };
  write(number: number): Buffer;
}

async function measure(
  { alice, watchers, conversation, write, processes }: Play,
  { messages, members }: Scenario,
  everybody: readonly CrowdMember[],
): Promise<FanOutMeasurement> {
  using watching = await watch(watchers);
  const url = `/conversations/${conversation.domain}/${conversation.id}/proteus/messages`;
  const exchange = async (number: number) => {
    const begun = performance.now();
    const seen = watching.seen(number);
    mustBe(201, await alice.send(url, { raw: { type: 'application/x-protobuf', bytes: write(number) } }));
    await seen;
    return performance.now() - begun;
  };
  // Members, devices and sessions are in memory afterwards, as they are for all but the first message.
  await exchange(messages);
  const before = { owner: cpuMs(processes.owner), remotes: cpuMs(processes.remotes) };
  const start = performance.now();
  const took: number[] = [];
  let next = 0;
  const oneByOne = async () => {
    while (next < messages) {
      const number = next;
      next += 1;
      took.push(await exchange(number));
    }
  };
  await Promise.all(Array.from({ length: window }, oneByOne));
  const seconds = (performance.now() - start) / 1000;
  took.sort((one, other) => one - other);
  return {
    remotes: watchers.length,
    members,
    clients: everybody.reduce((sum, { clients }) => sum + clients.length, 0),
    messages,
    perSecond: rounded(messages / seconds),
    p50Ms: rounded(took[Math.floor(messages * 0.5)] ?? Number.NaN),
    p99Ms: rounded(took[Math.floor(messages * 0.99)] ?? Number.NaN),
    cpuMsOwner: rounded((cpuMs(processes.owner) - before.owner) / messages),
    cpuMsRemotes: rounded((cpuMs(processes.remotes) - before.remotes) / messages),
    load: rounded(loadavg()[0] ?? Number.NaN),
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
