import type { Refusal } from '#contract/refusal.ts';
import { type BackOffOptions, backOffMs } from './back-off.ts';

/**
 * State of a remote's breaker.
 *
 * - `closed`: calls go through. A failed connect opens it.
 * - `open`: calls fail at once with the failure that opened it, until `until`; the next call then makes it half-open.
 *   A success of any kind, or contact from the remote, closes it.
 * - `half-open`: one attempt is under way and all calls wait for it together. It closes or opens again, for longer.
 */
export type BreakerState =
  | { readonly kind: 'closed' }
  | { readonly kind: 'open'; readonly failures: number; readonly until: number; readonly failure: Refusal }
  | { readonly kind: 'half-open'; readonly failures: number; readonly failure: Refusal };

export interface BreakerOptions {
  readonly backOff: BackOffOptions;
  /** Milliseconds of a clock that also stands for `until`. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly onChange?: (state: BreakerState) => void;
}

/** Decides whether a remote may be tried. Knows no sockets: it is told what happened. */
export class CircuitBreaker {
  readonly #options: BreakerOptions;
  #state: BreakerState = { kind: 'closed' };

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** The failure to answer with when the remote must not be tried yet; undefined lets the call try. */
  refusal(): Refusal | undefined {
    const state = this.#state;
    if (state.kind !== 'open') return undefined;
    if (this.#options.now() < state.until) return state.failure;
    this.#become({ kind: 'half-open', failures: state.failures, failure: state.failure });
    return undefined;
  }

  failed(failure: Refusal): void {
    const before = this.#state.kind === 'closed' ? 0 : this.#state.failures;
    const failures = before + 1;
    const wait = backOffMs(failures, this.#options.random(), this.#options.backOff);
    this.#become({ kind: 'open', failures, until: this.#options.now() + wait, failure });
  }

  /** A connection was made, or the remote spoke to us. */
  succeeded(): void {
    if (this.#state.kind !== 'closed') this.#become({ kind: 'closed' });
  }

  #become(state: BreakerState): void {
    this.#state = state;
    this.#options.onChange?.(state);
  }
}
