/** Whose part of the way a step is on, and so who has to mend it. */
export type Side = 'ours' | 'theirs' | 'network';

/** What one step of the examination found. */
export interface Finding {
  /** `SRV record of b.example.com` */
  readonly step: string;
  readonly result: 'good' | 'bad' | 'skipped';
  readonly side: Side;
  readonly found: string;
  /** What to do about it. */
  readonly mend?: string;
}

/** Collects findings; a step that needs another one that was bad is skipped, and says so. */
export class Examination {
  readonly #findings: Finding[] = [];
  readonly #onFinding: (finding: Finding) => void;

  constructor(onFinding: (finding: Finding) => void) {
    this.#onFinding = onFinding;
  }

  get findings(): readonly Finding[] {
    return this.#findings;
  }

  get isGood(): boolean {
    return this.#findings.every(({ result }) => result !== 'bad');
  }

  good(side: Side, step: string, found: string): void {
    this.#add({ side, step, result: 'good', found });
  }

  bad(side: Side, step: string, found: string, mend: string): void {
    this.#add({ side, step, result: 'bad', found, mend });
  }

  skip(side: Side, step: string, reason: string): void {
    this.#add({ side, step, result: 'skipped', found: reason });
  }

  #add(finding: Finding): void {
    this.#findings.push(finding);
    this.#onFinding(finding);
  }
}
