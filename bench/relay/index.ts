import { type Chain, type ChainName, chainNames, openChains } from './chains.ts';
import { drive, generator, inFlight } from './load.ts';
import { cpuMs } from './processes.ts';
import { openStage, type Stage } from './stage.ts';

/**
 * The relay: RPCs per second through the whole federator (outward, mutual TLS, ingress, inward, component), beside bare
 * chains of the same shape in the same minutes. Rounds are short and interleaved, and the middle ones are told, because
 * a machine is never the same for long; compare ratios, not numbers of another day.
 */

const rounds = Number(process.env.BENCH_ROUNDS ?? 7);
const seconds = Number(process.env.BENCH_SECONDS ?? 2);
/** Until the compilers of all processes are done: more code takes longer, and would be measured as slower. */
const warmUpSeconds = Number(process.env.BENCH_WARM_UP_SECONDS ?? 8);

export interface RelayMeasurement {
  readonly chain: ChainName;
  readonly generator: string;
  readonly inFlight: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** User and system, all processes of the chain, without the generator. */
  readonly cpuMsPerRequest: number;
  readonly failures: number;
  /** Requests per second, and CPU per request, as a multiple of the bare chains' in the same round. */
  readonly rateToBareThree: number;
  readonly rateToBareTwo: number;
  readonly cpuToBareThree: number;
  readonly cpuToBareTwo: number;
}

interface Round {
  readonly rate: number;
  readonly cpu: number;
  readonly p50: number;
  readonly p99: number;
  readonly failures: number;
}

/** Runs the benchmark. */
export async function run(): Promise<readonly RelayMeasurement[]> {
  await using owned = new AsyncDisposableStack();
  const stage = owned.use(await openStage());
  const chains = await openChains(stage, owned);
  for (const chain of chains) await drive(stage, chain.url, warmUpSeconds);
  const measured = new Map<ChainName, Round[]>(chains.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const chain of chains) measured.get(chain.name)?.push(await measure(stage, chain));
  }
  return chains.map(({ name }) => summary(name, measured));
}

async function measure(stage: Stage, chain: Chain): Promise<Round> {
  const before = cpuMs(chain.pids);
  const load = await drive(stage, chain.url, seconds);
  const cpu = (cpuMs(chain.pids) - before) / load.requests;
  const sorted = load.latencies.toSorted((left, right) => left - right);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  return { rate: load.requests / load.seconds, cpu, p50: at(0.5), p99: at(0.99), failures: load.failures };
}

function summary(chain: ChainName, measured: ReadonlyMap<ChainName, readonly Round[]>): RelayMeasurement {
  const of = (name: ChainName, key: keyof Round) =>
    median((measured.get(name) ?? []).map((round) => round[key]));
  // Round by round, since both saw the same machine then; the middle one of the ratios.
  const ratio = (key: keyof Round, to: ChainName) =>
    median(
      (measured.get(chain) ?? []).map(
        (round, index) => round[key] / (measured.get(to)?.[index]?.[key] ?? NaN),
      ),
    );
  return {
    chain,
    generator,
    inFlight,
    requestsPerSecond: Math.round(of(chain, 'rate')),
    p50Ms: rounded(of(chain, 'p50')),
    p99Ms: rounded(of(chain, 'p99')),
    cpuMsPerRequest: rounded(of(chain, 'cpu')),
    failures: (measured.get(chain) ?? []).reduce((sum, round) => sum + round.failures, 0),
    rateToBareThree: rounded(ratio('rate', chainNames.bareThree)),
    rateToBareTwo: rounded(ratio('rate', chainNames.bareTwo)),
    cpuToBareThree: rounded(ratio('cpu', chainNames.bareThree)),
    cpuToBareTwo: rounded(ratio('cpu', chainNames.bareTwo)),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
