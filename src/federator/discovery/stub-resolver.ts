import type { Answer } from 'dns-packet';
import { type Chain, endOf, follow, isQueryable, type Step, startChain } from './chain.ts';
import { exchange, ServerFailure } from './exchange.ts';
import { type Message, makeQuery, printable, type Question, type QuestionType } from './message.ts';
import type { NameServer, NameServers } from './name-servers.ts';
import { type QueryOutcome, queryEnded } from './telemetry.ts';

/** What DNS says about a name, with the TTL in seconds (0: must not be kept) and the server that said it. */
export type LookUp =
  | {
      readonly found: 'records';
      readonly records: readonly Answer[];
      readonly ttlSeconds: number;
      readonly server: string;
    }
  | {
      readonly found: 'absent';
      readonly why: 'NXDOMAIN' | 'NODATA';
      readonly ttlSeconds: number;
      readonly server: string;
    };

/** DNS gave no usable answer; the message has each server's reason. */
export class DnsFailure extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'DnsFailure';
  }
}

export interface StubResolverNeeds {
  readonly servers: NameServers;
  /** For one look-up, with all its servers, rounds and CNAMEs. */
  readonly timeoutMs: number;
  /** A uniform integer in `[0, bound)` that nobody can guess: query ids. */
  readonly random: (bound: number) => number;
}

type Settled = Exclude<Step, { step: 'failed' }>;

/** A server that did not answer is asked last for this long. */
const avoidMs = 30_000;
/** Look-ups at once, each with one socket: an inward flood of invented domains must not use up descriptors. */
const maxLookUps = 512;
/** Failures after which the same server is asked once more, without EDNS: loss, or a middle-box in the way. */
const worthAsecondRound: ReadonlySet<QueryOutcome> = new Set(['timeout', 'malformed', 'formerr']);

/**
 * A stub resolver (RFC 1034 5.3.1) that keeps the TTLs which the system's resolver hides. It has no cache and joins
 * nothing: that is `AnswerCache`. One look-up has one query in flight.
 */
export class StubResolver implements AsyncDisposable {
  readonly #needs: StubResolverNeeds;
  readonly #closing = new AbortController();
  readonly #avoided = new Map<string, number>();
  #lookUps = 0;

  constructor(needs: StubResolverNeeds) {
    this.#needs = needs;
  }

  servers(): Promise<readonly NameServer[]> {
    return this.#needs.servers.current();
  }

  /** @throws DnsFailure */
  async lookUp(name: string, type: QuestionType): Promise<LookUp> {
    if (!isQueryable(name)) throw new DnsFailure(`${printable(name)} is not a name that DNS can hold`);
    if (this.#lookUps >= maxLookUps) throw new DnsFailure(`${maxLookUps} look-ups are under way already`);
    this.#lookUps += 1;
    try {
      return await this.#walk(startChain(name), type, performance.now() + this.#needs.timeoutMs);
    } finally {
      this.#lookUps -= 1;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
  }

  /** Asks along the CNAMEs. `follow` makes the chain longer each time and bounds its length, so this ends. */
  async #walk(start: Chain, type: QuestionType, deadline: number): Promise<LookUp> {
    for (let chain = start; ; ) {
      const { step, server } = await this.#askServers(chain, type, deadline);
      if (step.step === 'broken') throw new DnsFailure(`${step.reason} (from ${server})`);
      if (step.step === 'records')
        return { found: 'records', records: step.records, ttlSeconds: step.ttlSeconds, server };
      if (step.step === 'absent')
        return { found: 'absent', why: step.why, ttlSeconds: step.ttlSeconds, server };
      chain = step.chain;
    }
  }

  /** One server after the other, those that may have lost a packet a second time; the time left is shared out. */
  async #askServers(
    chain: Chain,
    type: QuestionType,
    deadline: number,
  ): Promise<{ readonly step: Settled; readonly server: string }> {
    const question = { name: endOf(chain), type };
    const reasons = new Map<string, ServerFailure>();
    let toAsk = this.#inOrder(await this.#needs.servers.current());
    for (const round of [1, 2]) {
      const again: NameServer[] = [];
      for (const [index, server] of toAsk.entries()) {
        const attemptsLeft = toAsk.length - index + (round === 1 ? again.length + toAsk.length - index : 0);
        const timeMs = (deadline - performance.now()) / attemptsLeft;
        if (timeMs <= 0 || this.#closing.signal.aborted) break;
        try {
          return {
            step: await this.#attempt(server, question, chain, timeMs, round === 1),
            server: server.label,
          };
        } catch (failure) {
          if (!(failure instanceof ServerFailure)) throw failure;
          reasons.set(server.label, failure);
          if (worthAsecondRound.has(failure.outcome)) again.push(server);
        }
      }
      toAsk = again;
    }
    throw this.#failure(question, reasons);
  }

  async #attempt(
    server: NameServer,
    question: Question,
    chain: Chain,
    timeMs: number,
    withEdns: boolean,
  ): Promise<Settled> {
    const started = performance.now();
    let outcome: QueryOutcome = 'answered';
    try {
      const step = follow(await this.#send(server, question, timeMs, withEdns), chain, question.type);
      this.#avoided.delete(server.label);
      if (step.step === 'failed') throw new ServerFailure(step.outcome, step.reason);
      return step;
    } catch (failure) {
      outcome = failure instanceof ServerFailure ? failure.outcome : 'closed';
      if (outcome === 'timeout' || outcome === 'unreachable')
        this.#avoided.set(server.label, performance.now() + avoidMs);
      throw failure;
    } finally {
      queryEnded(question.type, outcome, performance.now() - started);
    }
  }

  async #send(server: NameServer, question: Question, timeMs: number, withEdns: boolean): Promise<Message> {
    const query = makeQuery(question, this.#needs.random(0x1_0000), withEdns);
    const time = new AbortController();
    const timer = setTimeout(() => time.abort(), timeMs);
    try {
      return await exchange(server, query, AbortSignal.any([time.signal, this.#closing.signal]));
    } finally {
      clearTimeout(timer);
    }
  }

  /** The configured order, with servers last that did not answer a moment ago. */
  #inOrder(servers: readonly NameServer[]): readonly NameServer[] {
    const now = performance.now();
    const isAvoided = ({ label }: NameServer): boolean => (this.#avoided.get(label) ?? 0) > now;
    return [
      ...servers.filter((server) => !isAvoided(server)),
      ...servers.filter((server) => isAvoided(server)),
    ];
  }

  #failure(question: Question, reasons: ReadonlyMap<string, ServerFailure>): DnsFailure {
    if (this.#closing.signal.aborted) return new DnsFailure('discovery is being closed');
    const told = [...reasons].map(([server, { outcome, message }]) =>
      outcome === 'timeout' ? `timeout: ${server}: ${message}` : `${server}: ${message}`,
    );
    const cause = new AggregateError(reasons.values(), 'every name server failed');
    return new DnsFailure(
      `${told.join('; ') || 'no time left to ask'} (asked for ${question.name} ${question.type}, ${this.#needs.timeoutMs} ms in all)`,
      cause,
    );
  }
}
