import { setTimeout as delay } from 'node:timers/promises';
import type { BackendDomain } from '#contract/ids.ts';
import { type RemoteDomains, RemoteDomains as RemoteDomainsSchema } from '#contract/internal/federation.ts';
import type { RemoteDomain } from '#contract/profiles.ts';
import { refuse } from '#contract/refusal.ts';
import { compileParser } from '#contract/schema.ts';
import type { FederationStrategy, Policy } from './faces.ts';
import { federatorLog } from './telemetry.ts';

export interface PolledPolicyOptions {
  /** Base URL of brig, which keeps the list: its `/i/federation/remotes` is asked. */
  readonly brigUrl: string;
  readonly everyMs: number;
}

const parser = compileParser(RemoteDomainsSchema);
const answerMs = 5_000;

/**
 * The policy of a federator that runs apart from its components: brig's list, asked for again and again, as
 * wire-server's federator does on each request. Before the first answer everybody is denied; when brig is away the last
 * answer holds.
 */
export function openPolledPolicy(options: PolledPolicyOptions): PolledPolicy {
  return new PolledPolicy(options);
}

export class PolledPolicy implements Policy, AsyncDisposable {
  readonly #options: PolledPolicyOptions;
  readonly #closing = new AbortController();
  readonly #polling: Promise<void>;
  readonly #firstAnswer = Promise.withResolvers<void>();
  #known: ReadonlyMap<BackendDomain, RemoteDomain> = new Map();
  #strategy: FederationStrategy = 'allowNone';
  #answered = false;
  #failing = false;

  constructor(options: PolledPolicyOptions) {
    this.#options = options;
    this.#polling = this.#pollUntilClosed();
  }

  /** Resolves when brig has answered once. */
  get known(): Promise<void> {
    return this.#firstAnswer.promise;
  }

  get strategy(): FederationStrategy {
    return this.#strategy;
  }

  admit(domain: BackendDomain): void {
    if (this.#strategy === 'allowAll') return;
    if (this.#strategy === 'allowDynamic' && this.#known.has(domain)) return;
    throw refuse('federation-denied', {
      message: `origin domain [${domain}] not in the federation allow list`,
    });
  }

  find(domain: BackendDomain): RemoteDomain | undefined {
    return this.#known.get(domain);
  }

  list(): readonly RemoteDomain[] {
    return [...this.#known.values()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#polling;
  }

  async #pollUntilClosed(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#ask().then(
        () => this.#became(false),
        (error: unknown) => this.#became(true, error),
      );
      // Rejects only when the signal cuts it short.
      await Promise.allSettled([delay(this.#options.everyMs, undefined, { signal, ref: false })]);
    }
  }

  async #ask(): Promise<void> {
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(answerMs)]);
    const answer = await fetch(`${this.#options.brigUrl}/i/federation/remotes`, { signal });
    if (!answer.ok) throw new Error(`brig answers ${answer.status}`);
    const { strategy, remotes }: RemoteDomains = parser.parse(await answer.json(), 'answer');
    this.#strategy = strategy;
    this.#known = new Map(remotes.map((remote) => [remote.domain, remote]));
    this.#answered = true;
    this.#firstAnswer.resolve();
  }

  /** One line when it begins to fail, one when it is well again; none while brig is not up for the first time. */
  #became(failing: boolean, error?: unknown): void {
    if (failing === this.#failing || !this.#answered || this.#closing.signal.aborted) return;
    this.#failing = failing;
    if (failing) federatorLog.warn({ err: error }, 'the list of remotes cannot be read; the last one holds');
    else federatorLog.info('the list of remotes is read again');
  }
}
