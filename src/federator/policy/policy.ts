import { setTimeout as delay } from 'node:timers/promises';
import type { BackendDomain, TeamId } from '#contract/ids.ts';
import type { RemoteDomain, SearchPolicy } from '#contract/profiles.ts';
import { type Refusal, refuse } from '#contract/refusal.ts';
import type { Storage, Work } from '#storage';
import type { FederationStrategy, Policy } from '../faces.ts';
import * as store from './remote-store.ts';
import { pollFailed, remoteChanged, setListed } from './telemetry.ts';

/** Most stored remotes (reference 2.3). */
const maxRemotes = 10_000;

const defaultPollMs = 500;

/** A remote of the configuration file: never restricted to teams (reference 2.4), and stronger than a stored entry. */
export interface ConfiguredRemote {
  readonly domain: BackendDomain;
  readonly search_policy: SearchPolicy;
}

export interface PolicyOptions {
  readonly storage: Storage;
  readonly strategy: FederationStrategy;
  readonly configured: readonly ConfiguredRemote[];
  /**
   * How often changes made by other processes are looked for. Default: 500 ms on PostgreSQL, and never on SQLite, which
   * has one process.
   */
  readonly pollMs?: number;
}

/**
 * Reads the list and keeps it in memory.
 * @throws Error when the configuration lists a domain twice with different settings.
 */
export async function openPolicy(options: PolicyOptions): Promise<FederationPolicy> {
  const policy = new FederationPolicy(options);
  await policy.read();
  const pollMs = options.pollMs ?? (options.storage.dialect === 'postgres' ? defaultPollMs : undefined);
  if (pollMs !== undefined) policy.poll(pollMs);
  return policy;
}

/**
 * Whom this backend federates with. Questions are answered from memory. A change made here is in effect when its
 * promise resolves; one made by another process after the next look at the database.
 */
export class FederationPolicy implements Policy, AsyncDisposable {
  readonly strategy: FederationStrategy;
  readonly #storage: Storage;
  readonly #configured: ReadonlyMap<BackendDomain, RemoteDomain>;
  readonly #closing = new AbortController();
  #stored = new Map<BackendDomain, RemoteDomain>();
  /** Counts changes made here, so that a look that began before one does not undo it in memory. */
  #changes = 0;
  /** Changes of this process take effect in the order in which they commit. */
  #lastChange: Promise<unknown> = Promise.resolve();
  #polling: Promise<void> | undefined;

  constructor(options: PolicyOptions) {
    this.strategy = options.strategy;
    this.#storage = options.storage;
    this.#configured = indexConfigured(options.configured);
  }

  admit(domain: BackendDomain): void {
    if (this.strategy === 'allowAll') return;
    if (this.strategy === 'allowDynamic' && this.find(domain) !== undefined) return;
    throw refuse('federation-denied', {
      message: `origin domain [${domain}] not in the federation allow list`,
    });
  }

  find(domain: BackendDomain): RemoteDomain | undefined {
    return this.#configured.get(domain) ?? this.#stored.get(domain);
  }

  list(): readonly RemoteDomain[] {
    const stored = [...this.#stored.values()].filter(({ domain }) => !this.#configured.has(domain));
    return [...stored, ...this.#configured.values()];
  }

  /** Stored entries, then configured ones: a domain that is both stands there twice (reference 2.3). */
  listBySource(): readonly RemoteDomain[] {
    return [...this.#stored.values(), ...this.#configured.values()];
  }

  /**
   * Lists a remote or overwrites its entry; its teams are added to those that are there.
   * @throws Refusal `federation-unexpected-wai-error` when it is configured otherwise or the list is full.
   */
  async add(remote: RemoteDomain): Promise<void> {
    const configured = this.#configured.get(remote.domain);
    if (configured !== undefined && !isSame(configured, remote))
      throw unexpected(
        `${remote.domain} is in the configuration file with other settings: ${JSON.stringify(configured)}`,
      );
    await this.#change(remote.domain, async (work) => {
      const count = await store.countRemotes(work.reader);
      if (count >= maxRemotes)
        throw unexpected(`${count} remote backends are listed, and no more than ${maxRemotes} can be`);
      await store.putRemote(work, remote);
    });
  }

  /**
   * Replaces policy, restriction and teams of a stored remote.
   * @throws Refusal `federation-unexpected-wai-error` when the domains differ, it is configured, or is not stored.
   */
  async replace(domain: BackendDomain, remote: RemoteDomain): Promise<void> {
    if (remote.domain !== domain)
      throw unexpected(
        `the domain of a remote backend cannot change: found ${remote.domain}, expected ${domain}`,
      );
    this.#mustNotBeConfigured(domain);
    await this.#change(domain, async (work) => {
      if ((await store.findRemote(work.reader, domain)) === undefined) throw notListed(domain);
      await store.removeTeams(work, domain);
      await store.putRemote(work, remote);
    });
  }

  /**
   * Takes a stored remote and its teams off the list; nothing happens when it is not there.
   * @throws Refusal `federation-unexpected-wai-error` when it is configured.
   */
  async remove(domain: BackendDomain): Promise<void> {
    this.#mustNotBeConfigured(domain);
    await this.#change(domain, (work) => store.removeRemote(work, domain));
  }

  teams(domain: BackendDomain): Promise<readonly TeamId[]> {
    return store.listTeams(this.#storage.reader, domain);
  }

  /** @throws Refusal `federation-unexpected-wai-error` when the remote is unlisted or not restricted by team. */
  async addTeam(domain: BackendDomain, team: TeamId): Promise<void> {
    await this.#change(domain, async (work) => {
      const remote = this.#configured.get(domain) ?? (await store.findRemote(work.reader, domain));
      if (remote === undefined) throw notListed(domain);
      if (remote.restriction.tag !== 'restrict_by_team')
        throw unexpected(`${domain} has restriction ${remote.restriction.tag}, expected restrict_by_team`);
      await store.addTeam(work, domain, team);
    });
  }

  async removeTeam(domain: BackendDomain, team: TeamId): Promise<void> {
    await this.#change(domain, (work) => store.removeTeam(work, domain, team));
  }

  /** Takes over what the database says, unless a change was made here meanwhile. */
  async read(): Promise<void> {
    const before = this.#changes;
    const remotes = await store.listRemotes(this.#storage.reader);
    if (before !== this.#changes) return;
    this.#stored = new Map(remotes.map((remote) => [remote.domain, remote]));
    setListed(this.list().length);
  }

  /** Starts looking for changes made by other processes, until disposal. */
  poll(everyMs: number): void {
    this.#polling ??= this.#pollUntilClosed(everyMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await Promise.all([this.#polling, this.#lastChange]);
  }

  async #pollUntilClosed(everyMs: number): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      // Rejects only when the signal cuts it short.
      await Promise.allSettled([delay(everyMs, undefined, { signal, ref: false })]);
      if (signal.aborted) return;
      // A database that is away takes no decision: who was allowed stays allowed, who was denied stays denied.
      await this.read().catch(pollFailed);
    }
  }

  #change(domain: BackendDomain, change: (work: Work) => Promise<void>): Promise<void> {
    const changed = this.#lastChange.then(() =>
      this.#storage.work(async (work) => {
        await change(work);
        const after = await store.findRemote(work.reader, domain);
        work.onCommit(() => this.#remember(domain, after));
      }),
    );
    this.#lastChange = Promise.allSettled([changed]);
    return changed;
  }

  #remember(domain: BackendDomain, remote: RemoteDomain | undefined): void {
    this.#changes += 1;
    if (remote === undefined) this.#stored.delete(domain);
    else this.#stored.set(domain, remote);
    setListed(this.list().length);
    remoteChanged(domain, remote === undefined ? 'removed' : 'listed');
  }

  #mustNotBeConfigured(domain: BackendDomain): void {
    if (this.#configured.has(domain))
      throw unexpected(`${domain} is in the configuration file and can be changed only there`);
  }
}

function indexConfigured(configured: readonly ConfiguredRemote[]): ReadonlyMap<BackendDomain, RemoteDomain> {
  const index = new Map<BackendDomain, RemoteDomain>();
  for (const { domain, search_policy } of configured) {
    const known = index.get(domain);
    if (known !== undefined && known.search_policy !== search_policy)
      throw new Error(
        `federation.remotes: ${domain} is listed with search_policy ${known.search_policy} and with ${search_policy}, expected one of them`,
      );
    index.set(domain, { domain, search_policy, restriction: { tag: 'allow_all', value: null } });
  }
  return index;
}

function isSame(configured: RemoteDomain, remote: RemoteDomain): boolean {
  return (
    remote.search_policy === configured.search_policy && remote.restriction.tag === configured.restriction.tag
  );
}

function notListed(domain: BackendDomain): Refusal {
  return unexpected(`${domain} is not a listed remote backend: add it first`);
}

/** wire-server answers with the error of a federated call, and its text in front (reference 2.3). */
function unexpected(reason: string): Refusal {
  return refuse('federation-unexpected-wai-error', {
    message: `Could parse body, but got an unexpected error response: ${reason}`,
  });
}
