import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { cpuMs } from '../relay/processes.ts';
import { freePorts, openStage, publish, type Stage } from '../relay/stage.ts';
import type { Answer, Command, ModeName } from './notification.ts';

/**
 * The outbox: notifications per second that one backend delivers to another, each with a process, a database and the
 * whole federator of its own, over mutual TLS. Every notification is taken in a unit of work that keeps its delivery
 * id, and is out of the sender's database at the end. A round trip is added by a proxy.
 *
 * `backlog`: all are queued before; `live`: they are committed meanwhile, one unit of work each.
 */

const lanes = 50;
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);

interface Scenario {
  readonly kind: 'backlog' | 'live';
  readonly mode: ModeName;
  readonly roundTripMs: number;
  readonly rows: number;
}

const scenarios: readonly Scenario[] = [
  { kind: 'backlog', mode: 'bundles', roundTripMs: 0, rows: 10_000 },
  { kind: 'backlog', mode: 'bundles', roundTripMs: 50, rows: 10_000 },
  { kind: 'live', mode: 'bundles', roundTripMs: 0, rows: 10_000 },
  { kind: 'live', mode: 'bundles', roundTripMs: 50, rows: 10_000 },
  { kind: 'backlog', mode: 'one request each', roundTripMs: 0, rows: 4_000 },
  { kind: 'backlog', mode: 'one request each', roundTripMs: 50, rows: 2_000 },
  { kind: 'backlog', mode: 'one at a time', roundTripMs: 0, rows: 1_000 },
  { kind: 'backlog', mode: 'one at a time', roundTripMs: 50, rows: 60 },
];

export interface OutboxMeasurement {
  readonly kind: Scenario['kind'];
  readonly mode: ModeName;
  readonly roundTripMs: number;
  readonly rows: number;
  readonly lanes: number;
  /** Middle of the rounds. */
  readonly perSecond: number;
  /** User and system, both backends. */
  readonly cpuMsEach: number;
  readonly cpuMsSender: number;
  readonly cpuMsReceiver: number;
}

/** Runs the benchmark. */
export async function run(): Promise<readonly OutboxMeasurement[]> {
  const measured: OutboxMeasurement[] = [];
  for (const roundTripMs of [0, 50]) {
    await using owned = new AsyncDisposableStack();
    const pair = await openPair(owned, roundTripMs);
    await measure(pair, { kind: 'backlog', mode: 'bundles', roundTripMs, rows: 10_000 });
    for (const scenario of scenarios)
      if (scenario.roundTripMs === roundTripMs) measured.push(await repeat(pair, scenario));
  }
  return measured;
}

interface Pair {
  readonly a: Child;
  readonly b: Child;
}

async function openPair(owned: AsyncDisposableStack, roundTripMs: number): Promise<Pair> {
  const stage = owned.use(await openStage());
  const [ingress = 0, entry = 0] = await freePorts(2);
  const b = owned.use(await startBackend(stage, 'b', ingress));
  const a = owned.use(await startBackend(stage, 'a', 0));
  if (roundTripMs > 0) owned.use(await start('delay-process.ts', [entry, ingress, roundTripMs].map(String)));
  publish(stage.dns, roundTripMs > 0 ? entry : ingress);
  return { a, b };
}

function startBackend(stage: Stage, side: 'a' | 'b', ingress: number): Promise<Child> {
  const storage = `sqlite:${stage.scratch(`${side}.db`)}`;
  const named = { side, ingress, dns: stage.dns.endpoint, folder: stage.folder, storage };
  const args = Object.entries(named).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return start('backend-process.ts', args);
}

interface Child extends AsyncDisposable {
  readonly pid: number;
  ask(command: Command): Promise<Answer>;
}

async function start(script: string, args: readonly string[]): Promise<Child> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const profile = process.env.BENCH_CPU_PROF;
  const execArgv = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const child: ChildProcess = fork(path, [...args], {
    execArgv,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const failed = ended.then(([code]) => {
    throw new Error(`${script} ended with ${String(code)}`);
  });
  failed.catch(() => undefined);
  const answer = async (): Promise<Answer> => (await Promise.race([once(child, 'message'), failed]))[0];
  await answer();
  return {
    pid: child.pid ?? 0,
    ask(command) {
      const answered = answer();
      child.send(command);
      return answered;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

interface Round {
  readonly perSecond: number;
  readonly sender: number;
  readonly receiver: number;
}

async function measure({ a, b }: Pair, { kind, mode, rows }: Scenario): Promise<Round> {
  await b.ask({ command: 'count' });
  if (kind === 'backlog') await a.ask({ command: 'fill', rows, lanes });
  const before = { a: cpuMs([a.pid]), b: cpuMs([b.pid]) };
  const command: Command =
    kind === 'backlog' ? { command: 'drain', mode } : { command: 'live', mode, rows, lanes };
  const { seconds = Number.NaN } = await a.ask(command);
  const sender = (cpuMs([a.pid]) - before.a) / rows;
  const receiver = (cpuMs([b.pid]) - before.b) / rows;
  const { count } = await b.ask({ command: 'count' });
  if (count !== rows) throw new Error(`${count} notifications were taken, expected ${rows}`);
  return { perSecond: rows / seconds, sender, receiver };
}

async function repeat(pair: Pair, scenario: Scenario): Promise<OutboxMeasurement> {
  const all: Round[] = [];
  for (let round = 0; round < rounds; round += 1) all.push(await measure(pair, scenario));
  const middle = (value: (round: Round) => number) =>
    all.map(value).toSorted((left, right) => left - right)[Math.floor(all.length / 2)] ?? Number.NaN;
  const { kind, mode, roundTripMs, rows } = scenario;
  return {
    kind,
    mode,
    roundTripMs,
    rows,
    lanes,
    perSecond: Math.round(middle(({ perSecond }) => perSecond)),
    cpuMsEach: rounded(middle(({ sender, receiver }) => sender + receiver)),
    cpuMsSender: rounded(middle(({ sender }) => sender)),
    cpuMsReceiver: rounded(middle(({ receiver }) => receiver)),
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
