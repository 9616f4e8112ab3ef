import type { BackendDomain } from '#contract/ids.ts';
import type { Storage } from '#storage';
import type { Leases } from '../leases/leases.ts';
import { newestPosition, remotesWithRows } from '../rows/outbox-store.ts';
import type { QueuedRow } from '../rows/queued-row.ts';
import type { OutboxSettings } from '../settings.ts';
import { log } from '../telemetry.ts';
import { type DrainerNeeds, RemoteDrainer } from './remote-drainer.ts';

export interface DrainersNeeds {
  readonly storage: Storage;
  readonly leases: Leases;
  readonly settings: OutboxSettings;
  readonly drainer: Omit<DrainerNeeds, 'onQuiet'>;
  /** Milliseconds of a clock that only goes forward. */
  readonly steadyNow: () => number;
}

/** Replicas look through their remotes' queues at least this often. */
const searchEveryMs = 5_000;

interface Owned {
  readonly drainer: RemoteDrainer;
  /** When the lease must have been renewed, by our own clock, counted from before it was asked for. */
  until: number;
}

/**
 * The drainers of the remotes that this replica delivers to. With one process on SQLite those are all, and what is
 * committed goes to them from memory: one look at the start is enough. With replicas on PostgreSQL a lease decides, and a beat looks for what others
 * have written.
 */
export class Drainers implements AsyncDisposable {
  readonly #needs: DrainersNeeds;
  readonly #shared: boolean;
  readonly #owned = new Map<BackendDomain, Owned>();
  readonly #claiming = new Map<BackendDomain, Promise<void>>();
  readonly #quietWaiters = new Set<() => void>();
  readonly #beat: NodeJS.Timeout;
  #beating: Promise<void> | undefined;
  /** The newest row that this replica knows of, and when all queues are looked through whatever it is. */
  #newest = 0;
  #searchAt = 0;
  #closed = false;

  constructor(needs: DrainersNeeds) {
    this.#needs = needs;
    this.#shared = needs.storage.dialect === 'postgres';
    this.#beat = setInterval(() => this.#onBeat(), needs.settings.pollMs);
    this.#beat.unref();
    this.#onBeat();
  }

  /** Rows that have just been committed, in the order of their positions. */
  committed(rows: readonly QueuedRow[]): void {
    for (const row of rows) {
      this.#newest = Math.max(this.#newest, row.position);
      const owned = this.#owned.get(row.domain);
      if (owned === undefined) this.#claim(row.domain);
      else if (this.#shared) owned.drainer.changed([row.lane]);
      else owned.drainer.offer(row);
    }
  }

  find(domain: BackendDomain): RemoteDrainer | undefined {
    return this.#owned.get(domain)?.drainer;
  }

  list(): readonly RemoteDrainer[] {
    return [...this.#owned.values()].map(({ drainer }) => drainer);
  }

  /** Resolves when nothing waits for any remote, or for this one, as far as this replica delivers. */
  async drained(domain?: BackendDomain): Promise<void> {
    for (;;) {
      await Promise.all([this.#beating, ...this.#claiming.values()]);
      const wanted = this.list().filter((drainer) => domain === undefined || drainer.domain === domain);
      if (wanted.every((drainer) => drainer.quiet) && this.#claiming.size === 0) return;
      await new Promise<void>((resolve) => this.#quietWaiters.add(resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearInterval(this.#beat);
    await Promise.allSettled([this.#beating, ...this.#claiming.values()]);
    const drainers = this.list();
    await Promise.all(drainers.map((drainer) => drainer.close(this.#needs.settings.closeGraceMs)));
    await this.#needs.drainer.acknowledgements.close();
    await this.#needs.leases.release(drainers.map(({ domain }) => domain));
    this.#woken();
  }

  #claim(domain: BackendDomain): void {
    if (!this.#shared) {
      this.#own(domain, Number.POSITIVE_INFINITY);
      return;
    }
    if (this.#claiming.has(domain) || this.#closed) return;
    const claiming = this.#claimShared([domain])
      .catch((error: unknown) => this.#failed(error))
      .finally(() => this.#claiming.delete(domain));
    this.#claiming.set(domain, claiming);
  }

  async #claimShared(domains: readonly BackendDomain[]): Promise<void> {
    const until = this.#needs.steadyNow() + this.#needs.settings.leaseMs;
    for (const domain of await this.#needs.leases.claim(domains)) this.#own(domain, until);
  }

  #own(domain: BackendDomain, until: number): void {
    if (this.#closed || this.#owned.has(domain)) return;
    const drainer = new RemoteDrainer(domain, { ...this.#needs.drainer, onQuiet: () => this.#woken() });
    this.#owned.set(domain, { drainer, until });
  }

  #onBeat(): void {
    if (this.#beating !== undefined || this.#closed) return;
    this.#beating = this.#look()
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#beating = undefined;
        this.#woken();
      });
  }

  /** Renews leases in time, gives up those that are lost, and finds what others have committed. */
  async #look(): Promise<void> {
    const domains = await remotesWithRows(this.#needs.storage.reader);
    if (this.#closed) return;
    if (!this.#shared) {
      for (const domain of domains) this.#claim(domain);
      clearInterval(this.#beat);
      return;
    }
    await this.#renew();
    if (await this.#othersWrote())
      for (const domain of domains) this.#owned.get(domain)?.drainer.changed('anywhere');
    const others = domains.filter((domain) => !this.#owned.has(domain) && !this.#claiming.has(domain));
    await this.#claimShared(others);
  }

  /**
   * Whether there is a row that is newer than those of this replica. Positions are given out before the commit, so one
   * that is a little older may come to light later: now and then the answer is yes all the same.
   */
  async #othersWrote(): Promise<boolean> {
    const newest = await newestPosition(this.#needs.storage.reader);
    const now = this.#needs.steadyNow();
    if (newest <= this.#newest && now < this.#searchAt) return false;
    this.#newest = Math.max(this.#newest, newest);
    this.#searchAt = now + searchEveryMs;
    return true;
  }

  async #renew(): Promise<void> {
    const { steadyNow, settings, leases } = this.#needs;
    const now = steadyNow();
    const due = [...this.#owned].filter(([, { until }]) => until - now < settings.leaseMs * (2 / 3));
    if (due.length === 0) return;
    const kept = new Set(await leases.renew(due.map(([domain]) => domain)));
    for (const [domain, owned] of due) {
      if (kept.has(domain)) owned.until = now + settings.leaseMs;
      else await this.#lose(domain, owned);
    }
  }

  /** Another replica may be at it already: what is on its way is cut off. */
  async #lose(domain: BackendDomain, { drainer }: Owned): Promise<void> {
    this.#owned.delete(domain);
    log.warn({ domain }, 'another replica delivers to this remote now');
    await drainer.close(0);
  }

  /** A database that is away: the next beat tries again, and leases that ran out meanwhile are given up. */
  #failed(error: unknown): void {
    log.error({ err: error }, 'the queues could not be looked at; trying again');
    const now = this.#needs.steadyNow();
    for (const [domain, owned] of this.#owned)
      if (owned.until < now) this.#lose(domain, owned).catch((cause: unknown) => this.#failed(cause));
  }

  #woken(): void {
    const waiters = [...this.#quietWaiters];
    this.#quietWaiters.clear();
    for (const resolve of waiters) resolve();
  }
}
