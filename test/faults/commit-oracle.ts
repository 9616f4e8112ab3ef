/**
 * What the writers of an MLS group were told about their commits, compared afterwards. That everybody followed the
 * same commits the members prove themselves: who has followed another one reads nothing any more.
 */
export interface CommitVerdict {
  /** Commits that their writers were told are taken. */
  readonly acknowledged: number;
  /** Commits whose answer was lost, and which their writers found to be taken. */
  readonly settled: number;
  /** Commits that were refused because another one was taken. */
  readonly lost: number;
  /** Epochs that two commits have ended, or none has. */
  readonly disputed: readonly string[];
  /** What a writer was told that is neither. */
  readonly unexpected: readonly string[];
}

type Ending = 'acknowledged' | 'settled';

export class CommitOracle {
  readonly #first: number;
  readonly #taken = new Map<number, { readonly writer: string; readonly ending: Ending }[]>();
  readonly #unexpected: string[] = [];
  #lost = 0;

  /** @param first the first epoch that writers may end */
  constructor(first: number) {
    this.#first = first;
  }

  /** A commit that ended an epoch, and how its writer knows. */
  take(epoch: number, writer: string, ending: Ending): void {
    const commits = this.#taken.get(epoch) ?? [];
    commits.push({ writer, ending });
    this.#taken.set(epoch, commits);
  }

  lose(): void {
    this.#lost += 1;
  }

  /** Anything that a writer must not be told. */
  wonder(what: string): void {
    this.#unexpected.push(what);
  }

  /** How many epochs have ended. */
  get taken(): number {
    return this.#taken.size;
  }

  /** @param last the epoch in which the members are */
  verdict(last: number): CommitVerdict {
    const endings = [...this.#taken.values()].flat().map(({ ending }) => ending);
    const count = (wanted: Ending) => endings.filter((ending) => ending === wanted).length;
    return {
      acknowledged: count('acknowledged'),
      settled: count('settled'),
      lost: this.#lost,
      disputed: this.#disputed(last),
      unexpected: this.#unexpected,
    };
  }

  #disputed(last: number): readonly string[] {
    const epochs = new Set(this.#taken.keys());
    for (let epoch = this.#first; epoch < last; epoch += 1) epochs.add(epoch);
    return [...epochs].flatMap((epoch) => {
      const writers = (this.#taken.get(epoch) ?? []).map(({ writer }) => writer);
      const isFine = writers.length === 1 && epoch < last;
      return isFine ? [] : [`epoch ${epoch} of ${last}: ended by ${writers.join(' and ') || 'nobody'}`];
    });
  }
}
