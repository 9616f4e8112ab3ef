import { randomUUID } from 'node:crypto';
import { setInterval } from 'node:timers';
import type { UserId } from '#contract/ids.ts';
import type { Work } from '#storage';
import {
  type Lease,
  listBotIds,
  listBotsOf,
  listWaiting,
  releaseLease,
  setPosition,
  takeLease,
} from '../bots/bot-store.ts';
import type { ServicesNeeds } from '../needs.ts';
import type { ServicesSettings } from '../settings.ts';
import { botFailed, lookFailed } from '../telemetry.ts';
import { type BotState, deliverToBot } from './bot-delivery.ts';
import { retryDelayMs } from './retry.ts';

/**
 * Delivers to services what happens in their bots' conversations. A bot is at rest, waits for its turn, is being
 * delivered to, or waits to be tried again; a wake-up brings it from the first to the second, and one that comes while
 * it is delivered to makes it come again. A lease in its row keeps other processes on the same database from delivering
 * at the same time, so that each bot gets its events in order. What nobody was told of is found by looking.
 */
export class Deliverer implements AsyncDisposable {
  readonly #needs: DelivererNeeds;
  readonly #owner = randomUUID();
  readonly #closing = new AbortController();
  /** All bots that are known here: others are told of far more often. */
  readonly #bots = new Set<UserId>();
  readonly #woken = new Set<UserId>();
  readonly #running = new Map<UserId, Promise<void>>();
  readonly #failures = new Map<UserId, { readonly count: number; readonly timer: NodeJS.Timeout }>();
  readonly #watch: Disposable;
  #looking: Promise<void>;
  readonly #timer: NodeJS.Timeout;

  constructor(needs: DelivererNeeds) {
    this.#needs = needs;
    this.#watch = needs.streams.watch((users) => this.#wake(users.filter((user) => this.#bots.has(user))));
    this.#looking = this.#look();
    this.#timer = setInterval(() => {
      this.#looking = this.#looking.then(() => this.#look());
    }, needs.settings.lookEveryMs).unref();
  }

  /** There is a new bot, as soon as the unit of work is committed. */
  add(work: Work, bot: UserId): void {
    work.onCommit(() => {
      this.#bots.add(bot);
      this.#wake([bot]);
    });
  }

  /** Something has changed that decides about the bots of these services; those that wait are tried at once. */
  async wakeBotsOf(services: readonly string[]): Promise<void> {
    const bots = await listBotsOf(this.#needs.storage.reader, services);
    for (const bot of bots) this.#forgive(bot);
    this.#wake(bots);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#watch[Symbol.dispose]();
    this.#closing.abort();
    for (const { timer } of this.#failures.values()) clearTimeout(timer);
    await this.#looking;
    await Promise.all(this.#running.values());
  }

  /** What waits to be tried again stays so: its timer brings it back. */
  #wake(bots: readonly UserId[]): void {
    for (const bot of bots) if (!this.#isWaiting(bot)) this.#woken.add(bot);
    this.#startSome();
  }

  #startSome(): void {
    const { botsAtOnce } = this.#needs.settings;
    for (const bot of this.#woken) {
      if (this.#closing.signal.aborted || this.#running.size >= botsAtOnce) return;
      if (this.#running.has(bot)) continue;
      this.#woken.delete(bot);
      this.#running.set(bot, this.#run(bot));
    }
  }

  async #run(bot: UserId): Promise<void> {
    const state = await this.#deliver(bot).catch((error: unknown): BotState => {
      if (!this.#closing.signal.aborted) botFailed(bot, error);
      return 'failed';
    });
    this.#running.delete(bot);
    if (state === 'failed') this.#retryLater(bot);
    else this.#forgive(bot);
    if (state === 'gone') this.#bots.delete(bot);
    this.#startSome();
  }

  async #deliver(bot: UserId): Promise<BotState> {
    const { storage } = this.#needs;
    const row = await storage.work((work) => takeLease(work, bot, this.#lease()));
    if (row === undefined) return 'idle';
    try {
      return await deliverToBot(
        {
          ...this.#needs,
          signal: this.#closing.signal,
          saveProgress: (id, position) =>
            storage.work((work) => setPosition(work, id, position, this.#lease())),
        },
        row,
      );
    } finally {
      await storage.work((work) => releaseLease(work, bot, this.#owner));
    }
  }

  #lease(): Lease {
    const { settings, now } = this.#needs;
    return { owner: this.#owner, now: now(), until: now() + settings.leaseMs };
  }

  #isWaiting(bot: UserId): boolean {
    return this.#failures.has(bot) && !this.#running.has(bot);
  }

  #retryLater(bot: UserId): void {
    if (this.#closing.signal.aborted) return;
    this.#woken.delete(bot);
    const count = (this.#failures.get(bot)?.count ?? 0) + 1;
    const timer = setTimeout(
      () => {
        this.#woken.add(bot);
        this.#startSome();
      },
      retryDelayMs(count, Math.random(), this.#needs.settings),
    ).unref();
    this.#failures.set(bot, { count, timer });
  }

  #forgive(bot: UserId): void {
    clearTimeout(this.#failures.get(bot)?.timer);
    this.#failures.delete(bot);
  }

  /** Finds what other processes have left, or what was there when this one started. */
  async #look(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const { reader } = this.#needs.storage;
    try {
      for (const bot of await listBotIds(reader)) this.#bots.add(bot);
      this.#wake(await listWaiting(reader));
    } catch (error) {
      lookFailed(error);
    }
  }
}

export interface DelivererNeeds
  extends Pick<ServicesNeeds, 'storage' | 'accounts' | 'conversations' | 'streams' | 'call'> {
  readonly settings: ServicesSettings;
  readonly now: () => number;
}
