import type { Work } from '#storage';

/**
 * A unit of work ends within ten seconds of its start; one that has not committed by then never will, and what it was
 * about to change is as it was.
 */
const changingMs = 60_000;
/** So many marks of units of work that were rolled back are kept before the old ones are looked for. */
const maxMarks = 1_000;

interface Mark {
  count: number;
  until: number;
}

/**
 * Values of the database in memory, bounded and exact: a value is never older than the last commit, and while a unit
 * of work changes it, nobody is given the old one from memory, for on SQLite the next unit of work runs before that
 * commit.
 */
export class ExactCache<V> {
  readonly #maxWeight: number;
  readonly #weigh: (value: V) => number;
  readonly #now: () => number;
  /** In order of last use. */
  readonly #values = new Map<string, { readonly value: V; readonly weight: number }>();
  readonly #loads = new Map<string, Promise<V | undefined>>();
  readonly #changing = new Map<string, Mark>();
  /** What each unit of work leaves behind, by key; undefined when only the database knows. */
  readonly #left = new WeakMap<Work, Map<string, V | undefined>>();
  #weight = 0;

  /** @param weigh the size of a value, at least 1, in the unit of `maxWeight` */
  constructor(maxWeight: number, weigh: (value: V) => number, now: () => number) {
    this.#maxWeight = maxWeight;
    this.#weigh = weigh;
    this.#now = now;
  }

  /** Values in memory. */
  get size(): number {
    return this.#values.size;
  }

  /** The value in memory, or what `load` reads of the last committed state; undefined is not remembered. */
  find(key: string, load: () => Promise<V | undefined>): Promise<V | undefined> {
    const known = this.peek(key);
    if (known !== undefined) return Promise.resolve(known);
    if (this.#isChanging(key)) return load();
    const under = this.#loads.get(key);
    if (under !== undefined) return under;
    const loading = load().then(
      (value) => {
        if (this.#loads.get(key) === loading) {
          this.#loads.delete(key);
          if (value !== undefined) this.#keep(key, value);
        }
        return value;
      },
      (error) => {
        if (this.#loads.get(key) === loading) this.#loads.delete(key);
        throw error;
      },
    );
    this.#loads.set(key, loading);
    return loading;
  }

  /** The value if it is in memory. */
  peek(key: string): V | undefined {
    const entry = this.#values.get(key);
    if (entry === undefined) return undefined;
    this.#values.delete(key);
    this.#values.set(key, entry);
    return entry.value;
  }

  /** Forgets a value of which another process has stored a newer one. */
  drop(key: string): void {
    this.#forget(key);
  }

  /**
   * Says that a unit of work changes the value; to be called before it does.
   * @param next what it will be, which is kept at the commit unless somebody, also the same unit of work, changes it
   * further
   */
  change(work: Work, key: string, next?: V): void {
    this.#forget(key);
    const left = this.#left.get(work) ?? new Map<string, V | undefined>();
    this.#left.set(work, left);
    if (left.has(key)) {
      left.set(key, undefined);
      return;
    }
    left.set(key, next);
    this.#prune();
    const mark = this.#changing.get(key);
    const until = this.#now() + changingMs;
    if (mark === undefined) this.#changing.set(key, { count: 1, until });
    else {
      mark.count += 1;
      mark.until = until;
    }
    work.onCommit(() => this.#changed(key, left.get(key)));
  }

  #changed(key: string, next: V | undefined): void {
    this.#forget(key);
    const mark = this.#changing.get(key);
    if (mark === undefined) return;
    mark.count -= 1;
    if (mark.count > 0) return;
    this.#changing.delete(key);
    if (next !== undefined) this.#keep(key, next);
  }

  #isChanging(key: string): boolean {
    const mark = this.#changing.get(key);
    if (mark === undefined) return false;
    if (mark.until > this.#now()) return true;
    this.#changing.delete(key);
    return false;
  }

  #keep(key: string, value: V): void {
    const weight = this.#weigh(value);
    if (weight > this.#maxWeight) return;
    this.#forget(key);
    this.#values.set(key, { value, weight });
    this.#weight += weight;
    for (const oldest of this.#values.keys()) {
      if (this.#weight <= this.#maxWeight) break;
      this.#forget(oldest);
    }
  }

  #forget(key: string): void {
    this.#loads.delete(key);
    const entry = this.#values.get(key);
    if (entry === undefined) return;
    this.#values.delete(key);
    this.#weight -= entry.weight;
  }

  #prune(): void {
    if (this.#changing.size < maxMarks) return;
    for (const key of [...this.#changing.keys()]) this.#isChanging(key);
  }
}
