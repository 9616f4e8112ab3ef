import { loadavg } from 'node:os';
import { type NetworkBackend, openNetwork } from '#testkit';
import { cpuMs } from '../relay/processes.ts';
import { openChat } from './chat.ts';

/**
 * Federated one-to-one messages, end to end: from the request of a client of A to the frame on the socket of a client
 * of B, each backend a process of its own with SQLite, both durable before they acknowledge. Clients are in this
 * process and not counted. A sender's window is the number of its messages that B has not shown yet.
 */

const rounds = Number(process.env.BENCH_ROUNDS ?? 3);

const scenarios = [
  { senders: 1, window: 1, messages: 500 },
  { senders: 1, window: 32, messages: 2_000 },
  { senders: 8, window: 1, messages: 2_000 },
  { senders: 8, window: 32, messages: 8_000 },
] as const;

type Scenario = (typeof scenarios)[number];

export interface MessageMeasurement {
  readonly senders: number;
  readonly window: number;
  readonly messages: number;
  /** Middle of the rounds, as all that follow. */
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** User and system, both backends. */
  readonly cpuMsEach: number;
  readonly cpuMsOwner: number;
  readonly cpuMsReceiver: number;
  /** Processes that wanted to run during the last minute, on the whole machine. */
  readonly load: number;
}

/** Runs the benchmark. */
export async function run(): Promise<readonly MessageMeasurement[]> {
  await using network = await openNetwork({ backends: 2 });
  const [a, b] = [network.backend(0), network.backend(1)];
  const measured: MessageMeasurement[] = [];
  await measure(a, b, { senders: 8, window: 32, messages: 8_000 });
  for (const scenario of scenarios) measured.push(await repeat(a, b, scenario));
  return measured;
}

type Round = Omit<MessageMeasurement, keyof Scenario | 'load' | 'cpuMsEach'>;

async function measure(a: NetworkBackend, b: NetworkBackend, scenario: Scenario): Promise<Round> {
  const { senders, window, messages } = scenario;
  await using owned = new AsyncDisposableStack();
  const chats = await Promise.all(Array.from({ length: senders }, () => openChat(a, b)));
  for (const chat of chats) owned.use(chat);
  const before = { a: cpuMs(a.pids), b: cpuMs(b.pids) };
  const start = performance.now();
  const took = (await Promise.all(chats.map((chat) => chat.run(messages / senders, window)))).flat();
  const seconds = (performance.now() - start) / 1000;
  took.sort((one, other) => one - other);
  return {
    perSecond: Math.round(messages / seconds),
    p50Ms: rounded(took[Math.floor(messages * 0.5)] ?? Number.NaN),
    p99Ms: rounded(took[Math.floor(messages * 0.99)] ?? Number.NaN),
    cpuMsOwner: (cpuMs(a.pids) - before.a) / messages,
    cpuMsReceiver: (cpuMs(b.pids) - before.b) / messages,
  };
}

async function repeat(a: NetworkBackend, b: NetworkBackend, scenario: Scenario): Promise<MessageMeasurement> {
  const all: Round[] = [];
  for (let round = 0; round < rounds; round += 1) all.push(await measure(a, b, scenario));
  const middle = (value: (round: Round) => number) =>
    all.map(value).toSorted((one, other) => one - other)[Math.floor(all.length / 2)] ?? Number.NaN;
  return {
    ...scenario,
    perSecond: middle(({ perSecond }) => perSecond),
    p50Ms: middle(({ p50Ms }) => p50Ms),
    p99Ms: middle(({ p99Ms }) => p99Ms),
    cpuMsEach: rounded(middle(({ cpuMsOwner, cpuMsReceiver }) => cpuMsOwner + cpuMsReceiver)),
    cpuMsOwner: rounded(middle(({ cpuMsOwner }) => cpuMsOwner)),
    cpuMsReceiver: rounded(middle(({ cpuMsReceiver }) => cpuMsReceiver)),
    load: rounded(loadavg()[0] ?? Number.NaN),
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
