import { Refusal } from '#contract/refusal.ts';
import type { QuestionType } from './message.ts';
import { countHit, countLookUp, servingStale } from './telemetry.ts';

/** What asking DNS for a key gave. A failure of DNS is thrown instead: it is never kept. */
export type Loaded<V> =
  | {
      readonly found: 'value';
      readonly value: V;
      readonly ttlSeconds: number;
      readonly server: string;
      /** What an operator should know about the answer, such as entries that were skipped. */
      readonly notes: readonly string[];
    }
  | { readonly found: 'refusal'; readonly refuse: () => Refusal; readonly ttlSeconds: number };

/** A good answer and how long it holds. `promise` is made once, so that a hit allocates nothing. */
export interface Present<V> {
  readonly value: V;
  readonly promise: Promise<V>;
  /** In the cache's clock, milliseconds. */
  readonly expiresAt: number;
  readonly server: string;
  readonly notes: readonly string[];
}

/**
 * A cached DNS answer.
 *
 * - `asking`: one query is in flight, and everybody who asks for the key waits for it. Enters from any state when there
 *   is nothing (more) to serve; `last` is the expired answer that may still serve if DNS fails. Leaves to `present` or
 *   `absent` with an answer that may be kept, to `stale` when DNS fails and `last` is young enough, else to nothing.
 * - `present`: a good answer, served until `expiresAt`; then `asking`.
 * - `absent`: DNS says that there is none (or nothing usable); refused until `expiresAt`; then `asking`.
 * - `stale`: DNS fails and an expired answer serves (RFC 8767). Nobody asks until `askAgainAt`; then `asking`.
 */
export type CachedAnswer<V> =
  | {
      readonly state: 'asking';
      readonly flight: Promise<Present<V>>;
      readonly last: Present<V> | undefined;
    }
  | { readonly state: 'present'; readonly answer: Present<V> }
  | { readonly state: 'absent'; readonly refuse: () => Refusal; readonly expiresAt: number }
  | { readonly state: 'stale'; readonly answer: Present<V>; readonly askAgainAt: number };

interface Entry<V> {
  current: CachedAnswer<V>;
  /** Read since the last sweep; such an entry survives one (second chance), so that a flood of names evicts itself. */
  used: boolean;
}

export interface AnswerCacheNeeds<V> {
  readonly type: QuestionType;
  /** Asks DNS. @throws Refusal when DNS fails. */
  readonly load: (key: string) => Promise<Loaded<V>>;
  /** A clock that never goes back, milliseconds. */
  readonly now: () => number;
  /** How long after its expiry an answer may serve while DNS fails; 0 switches that off. */
  readonly staleSeconds: number;
  readonly maxEntries: number;
}

/** What `inspect` tells about a key, for an operator. */
export interface Inspected<V> {
  readonly value: V;
  readonly source: 'cache' | 'network' | 'stale';
  /** Time left; 0 for an answer that is not kept and for a stale one. */
  readonly ttlSeconds: number;
  readonly server: string;
  readonly notes: readonly string[];
}

/** RFC 8767 5: the pause after a failure before DNS is asked again, while an expired answer serves. */
const staleAskAgainMs = 30_000;

/** Answers by key with their TTLs. TTL 0 is given to those who wait for it and to nobody else. */
export class AnswerCache<V> implements AsyncDisposable {
  readonly #needs: AnswerCacheNeeds<V>;
  readonly #entries = new Map<string, Entry<V>>();
  readonly #flights = new Set<Promise<Present<V>>>();

  constructor(needs: AnswerCacheNeeds<V>) {
    this.#needs = needs;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value of a fresh good answer, at once. */
  peek(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry?.current.state !== 'present' || !this.#isFresh(entry.current.answer)) return undefined;
    entry.used = true;
    countHit(this.#needs.type);
    return entry.current.answer.value;
  }

  find(key: string): Promise<V> {
    const answer = this.#answer(key);
    return answer instanceof Promise ? answer.then(readValue) : answer.promise;
  }

  /** As `find`, with where the answer came from. */
  async inspect(key: string): Promise<Inspected<V>> {
    const before = this.#entries.get(key)?.current;
    const wasFresh = before?.state === 'present' && this.#isFresh(before.answer);
    const { value, expiresAt, server, notes } = await this.#answer(key);
    const isStale = this.#entries.get(key)?.current.state === 'stale';
    const ttlSeconds = Math.max(0, (expiresAt - this.#needs.now()) / 1000);
    const source = isStale ? 'stale' : wasFresh ? 'cache' : 'network';
    return { value, source, ttlSeconds, server, notes };
  }

  /** Waits for the queries in flight; whoever gives `load` makes them end. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#flights);
    this.#entries.clear();
  }

  /** What there is to serve now, else the query in flight. Only a hit returns without a promise of its own. */
  #answer(key: string): Present<V> | Promise<Present<V>> {
    const entry = this.#entries.get(key);
    if (entry === undefined) return this.#ask(key, undefined);
    entry.used = true;
    const { current } = entry;
    switch (current.state) {
      case 'present':
        if (!this.#isFresh(current.answer)) return this.#ask(key, current.answer);
        countHit(this.#needs.type);
        return current.answer;
      case 'absent':
        if (this.#needs.now() >= current.expiresAt) return this.#ask(key, undefined);
        countLookUp(this.#needs.type, 'negative-cache');
        return Promise.reject(current.refuse());
      case 'stale':
        if (!this.#mayServeStale(current)) return this.#ask(key, current.answer);
        countLookUp(this.#needs.type, 'stale');
        return current.answer;
      case 'asking':
        countLookUp(this.#needs.type, 'joined');
        return current.flight;
    }
  }

  #isFresh(answer: Present<V>): boolean {
    return this.#needs.now() < answer.expiresAt;
  }

  #mayServeStale(current: Extract<CachedAnswer<V>, { state: 'stale' }>): boolean {
    return this.#needs.now() < current.askAgainAt && this.#isYoungEnough(current.answer);
  }

  #isYoungEnough(answer: Present<V>): boolean {
    return this.#needs.now() < answer.expiresAt + this.#needs.staleSeconds * 1000;
  }

  #ask(key: string, last: Present<V> | undefined): Promise<Present<V>> {
    countLookUp(this.#needs.type, 'network');
    const flight = this.#needs.load(key).then(
      (loaded) => this.#keep(key, loaded),
      (failure: unknown) => this.#afterFailure(key, failure),
    );
    this.#enter(key, { state: 'asking', flight, last });
    this.#flights.add(flight);
    const landed = (): boolean => this.#flights.delete(flight);
    flight.then(landed, landed);
    return flight;
  }

  #keep(key: string, loaded: Loaded<V>): Present<V> {
    const expiresAt = this.#needs.now() + loaded.ttlSeconds * 1000;
    if (loaded.found === 'refusal') {
      if (loaded.ttlSeconds > 0) this.#enter(key, { state: 'absent', refuse: loaded.refuse, expiresAt });
      else this.#entries.delete(key);
      throw loaded.refuse();
    }
    const { value, server, notes } = loaded;
    const answer = { value, promise: Promise.resolve(value), expiresAt, server, notes };
    if (loaded.ttlSeconds > 0) this.#enter(key, { state: 'present', answer });
    else this.#entries.delete(key);
    return answer;
  }

  /** Only DNS' own failures let an expired answer serve: anything else is a bug and must be seen. */
  #afterFailure(key: string, failure: unknown): Present<V> {
    const current = this.#entries.get(key)?.current;
    const last = current?.state === 'asking' ? current.last : undefined;
    if (last === undefined || !this.#isYoungEnough(last) || !(failure instanceof Refusal)) {
      this.#entries.delete(key);
      throw failure;
    }
    servingStale(this.#needs.type, key, failure.message);
    countLookUp(this.#needs.type, 'stale');
    this.#enter(key, { state: 'stale', answer: last, askAgainAt: this.#needs.now() + staleAskAgainMs });
    return last;
  }

  #enter(key: string, current: CachedAnswer<V>): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      entry.current = current;
      return;
    }
    if (this.#entries.size >= this.#needs.maxEntries) this.#evict();
    this.#entries.set(key, { current, used: false });
  }

  /** Second chance: the oldest entry goes that was not read since the last sweep; one with a query in flight stays. */
  #evict(): void {
    for (let rounds = this.#entries.size * 2; rounds > 0; rounds -= 1) {
      const oldest = this.#entries.entries().next();
      if (oldest.done === true) return;
      const [key, entry] = oldest.value;
      this.#entries.delete(key);
      if (!entry.used && entry.current.state !== 'asking') return;
      entry.used = false;
      this.#entries.set(key, entry);
    }
  }
}

function readValue<V>(answer: Present<V>): V {
  return answer.value;
}
