import type { BackendDomain } from '#contract/ids.ts';
import { Refusal, refuse } from '#contract/refusal.ts';
import type { Discovery, SrvTarget } from '../faces.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import type { ClientTls } from './client-tls.ts';
import type { Dialed } from './dial.ts';
import { dialFirst } from './dial-first.ts';
import type { SessionOptions } from './options.ts';
import { RemoteSession } from './remote-session.ts';
import { countHandshake, type PoolCounts } from './session-metrics.ts';

export interface RemoteNeeds {
  readonly options: SessionOptions;
  readonly discovery: Pick<Discovery, 'order' | 'resolve'>;
  readonly tls: () => ClientTls;
  readonly now: () => number;
  readonly random: () => number;
  readonly nextNumber: () => number;
  readonly counts: PoolCounts;
}

/** A call in line for a stream. */
interface Waiter {
  readonly since: number;
  readonly number: number | undefined;
  resolve(session: RemoteSession | 'lost'): void;
  reject(refusal: Refusal): void;
}

/** An attempt to connect that all waiting calls share. */
interface Connecting {
  readonly startedAt: number;
  readonly abort: AbortController;
  readonly late: NodeJS.Timeout;
  expired: boolean;
}

/**
 * Everything kept about one remote backend: its sessions, the attempt to open another, the calls that wait for a
 * stream, and its breaker.
 */
export class Remote {
  readonly domain: BackendDomain;
  readonly breaker: CircuitBreaker;
  readonly #needs: RemoteNeeds;
  readonly #sessions = new Set<RemoteSession>();
  readonly #waiting = new Set<Waiter>();
  #connecting: Connecting | undefined;
  #targets: readonly SrvTarget[] = [];
  #number = 0;
  #nextExtraAt = 0;
  lastFailure: { readonly at: number; readonly refusal: Refusal } | undefined;
  usedAt: number;

  constructor(domain: BackendDomain, needs: RemoteNeeds) {
    this.domain = domain;
    this.#needs = needs;
    this.usedAt = needs.now();
    const { now, random, options } = needs;
    this.breaker = new CircuitBreaker({ backOff: options.backOff, now, random });
  }

  get sessions(): ReadonlySet<RemoteSession> {
    return this.#sessions;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get connecting(): boolean {
    return this.#connecting !== undefined;
  }

  /** The number under which something learnt of this remote still holds; undefined without a session. */
  get liveNumber(): number | undefined {
    return this.#sessions.size === 0 ? undefined : this.#number;
  }

  /** Nothing here that would be missed. */
  get forgettable(): boolean {
    const quiet = this.#sessions.size === 0 && this.#connecting === undefined && this.#waiting.size === 0;
    return quiet && this.breaker.state.kind === 'closed';
  }

  /**
   * A session with a place reserved on it, at once when there is one.
   * @throws Refusal why there is none: the last failure while the breaker is open, `federation-overloaded` when too
   * many calls wait, or how connecting failed.
   */
  acquire(
    targets: readonly SrvTarget[],
    number: number | undefined,
  ): RemoteSession | 'lost' | Promise<RemoteSession | 'lost'> {
    this.#targets = targets;
    this.usedAt = this.#needs.now();
    this.#leaveOldTargets();
    if (number !== undefined && number !== this.liveNumber) return 'lost';
    const session = this.#withRoom();
    if (session !== undefined && this.#waiting.size === 0) {
      session.reserve();
      return session;
    }
    if (this.#needs.options.singleUse) return this.#single();
    const open = this.#hasLive() ? undefined : this.breaker.refusal();
    if (open !== undefined) throw this.#stillFailing(open);
    this.#connectIfUseful();
    return this.#wait(number);
  }

  /** Closes idle sessions, pings quiet ones, refuses calls that waited too long. */
  tend(): void {
    for (const session of this.#sessions) session.tend();
    const { waitTimeoutMs } = this.#needs.options;
    const now = this.#needs.now();
    for (const waiter of this.#waiting) {
      if (now - waiter.since < waitTimeoutMs) break;
      this.#waiting.delete(waiter);
      waiter.reject(this.#overloaded(`none of its streams became free within ${waitTimeoutMs} ms`));
    }
    if (this.#waiting.size > 0) this.#connectIfUseful();
  }

  /** Ends the sessions: draining lets streams finish, destroying does not. */
  end(how: 'drain' | 'destroy', reason: string): void {
    for (const session of this.#sessions) {
      if (how === 'drain') session.drain(reason);
      else session.destroy(reason);
    }
    if (how === 'destroy') this.#connecting?.abort.abort();
  }

  /** Refuses whoever waits and gives up connecting; for shutdown. */
  abandon(refusal: Refusal): void {
    this.#connecting?.abort.abort();
    this.#rejectAll(refusal);
  }

  #withRoom(): RemoteSession | undefined {
    for (const session of this.#sessions) if (session.hasRoom) return session;
    return undefined;
  }

  #hasLive(): boolean {
    for (const session of this.#sessions) {
      if (session.state.kind === 'ready' || session.state.kind === 'idle') return true;
    }
    return false;
  }

  /** A session to a target that discovery names no more must not get new streams. */
  #leaveOldTargets(): void {
    for (const session of this.#sessions) {
      const { host, port } = session.endpoint.target;
      const named = this.#targets.some((target) => target.host === host && target.port === port);
      if (!named) session.drain(`discovery no longer names ${host}:${port}`);
    }
  }

  #wait(number: number | undefined): Promise<RemoteSession | 'lost'> {
    const { maxWaiting, answerWithinMs } = this.#needs.options;
    if (this.#waiting.size >= maxWaiting) {
      throw this.#overloaded(`${this.#waiting.size} calls wait for a stream already`);
    }
    if (this.#connecting?.expired === true && !this.#hasLive()) {
      throw this.#tooLate(answerWithinMs);
    }
    return new Promise((resolve, reject) => {
      this.#waiting.add({ since: this.#needs.now(), number, resolve, reject });
    });
  }

  #connectIfUseful(): void {
    if (this.#connecting !== undefined) return;
    const live = this.#hasLive();
    if (live && this.#openSessions() >= this.#needs.options.maxSessionsPerRemote) return;
    if (live && this.#needs.now() < this.#nextExtraAt) return;
    this.#connect();
  }

  #openSessions(): number {
    let open = 0;
    for (const session of this.#sessions) if (session.state.kind !== 'draining') open += 1;
    return open;
  }

  #connect(): void {
    const { options } = this.#needs;
    const connecting: Connecting = {
      startedAt: this.#needs.now(),
      abort: new AbortController(),
      late: setTimeout(() => {
        connecting.expired = true;
        if (!this.#hasLive()) this.#rejectAll(this.#tooLate(options.answerWithinMs));
      }, options.answerWithinMs),
      expired: false,
    };
    this.#connecting = connecting;
    this.#dial(connecting.abort.signal).then(
      (dialed) => {
        this.#ended(connecting);
        this.#opened(dialed);
      },
      (failure: Refusal) => {
        this.#ended(connecting);
        if (!connecting.abort.signal.aborted) this.#failed(failure);
        else if (this.#waiting.size > 0) this.#connect();
      },
    );
  }

  #ended(connecting: Connecting): void {
    clearTimeout(connecting.late);
    this.#connecting = undefined;
  }

  async #dial(signal: AbortSignal): Promise<Dialed> {
    const { options, discovery, now } = this.#needs;
    const tls = this.#needs.tls();
    const timeoutMs = options.connectTimeoutMs;
    try {
      const dialed = await dialFirst(this.#targets, {
        tls,
        timeoutMs,
        signal,
        now,
        discovery,
        staggerMs: options.staggerMs,
      });
      countHandshake(dialed.resumed ? 'resumed' : 'full');
      return dialed;
    } catch (failure) {
      countHandshake('failed');
      if (failure instanceof Refusal) throw failure;
      const message = `Connecting to ${this.domain} failed: ${String(failure)}`;
      throw refuse('federation-connection-refused', { message, cause: failure });
    }
  }

  #opened(dialed: Dialed): RemoteSession | undefined {
    // The files changed while the handshake ran: what it proved may not hold any more.
    if (dialed.generation !== this.#needs.tls().generation) {
      dialed.session.close();
      if (this.#waiting.size > 0) this.#connect();
      return undefined;
    }
    this.breaker.succeeded();
    const session = this.#adopt(dialed);
    this.#serveWaiting();
    return session;
  }

  #adopt(dialed: Dialed): RemoteSession {
    if (this.#sessions.size === 0) this.#number = this.#needs.nextNumber();
    const session = new RemoteSession(dialed, this.#number, {
      options: this.#needs.options,
      now: this.#needs.now,
      onRoom: () => this.#serveWaiting(),
      onClosed: (closed) => this.#lost(closed),
    });
    if (session.state.kind !== 'closed') {
      this.#sessions.add(session);
      this.#needs.counts.sessions += 1;
    }
    return session;
  }

  #failed(failure: Refusal): void {
    this.lastFailure = { at: this.#needs.now(), refusal: failure };
    if (this.#hasLive()) {
      // Calls go on over the sessions there are; another one is tried a little later.
      this.#nextExtraAt = this.#needs.now() + this.#needs.options.backOff.capMs;
      return;
    }
    this.breaker.failed(failure);
    this.#rejectAll(failure);
  }

  #lost(session: RemoteSession): void {
    if (!this.#sessions.delete(session)) return;
    this.#needs.counts.sessions -= 1;
    if (this.#waiting.size > 0 && !this.#hasLive()) this.#connectIfUseful();
  }

  #serveWaiting(): void {
    if (this.#waiting.size === 0) return;
    for (const waiter of this.#waiting) {
      const session = this.#withRoom();
      if (session === undefined) {
        this.#connectIfUseful();
        return;
      }
      this.#waiting.delete(waiter);
      if (waiter.number !== undefined && waiter.number !== this.liveNumber) {
        waiter.resolve('lost');
      } else {
        session.reserve();
        waiter.resolve(session);
      }
    }
  }

  async #single(): Promise<RemoteSession> {
    const dialed = await this.#dial(new AbortController().signal);
    const session = this.#adopt(dialed);
    session.reserve();
    session.drain('single use');
    return session;
  }

  #rejectAll(refusal: Refusal): void {
    for (const waiter of this.#waiting) waiter.reject(refusal);
    this.#waiting.clear();
  }

  /** The failure that opened the breaker, said again with how long it is taken for granted. */
  #stillFailing(failure: Refusal): Refusal {
    const state = this.breaker.state;
    const leftMs = state.kind === 'open' ? Math.max(0, Math.ceil(state.until - this.#needs.now())) : 0;
    const message = `${failure.message} (not tried again for another ${leftMs} ms)`;
    return refuse(failure.key, { ...failure.details, message, cause: failure });
  }

  #tooLate(withinMs: number): Refusal {
    const hosts = this.#targets.map((target) => `${target.host}:${target.port}`).join(', ');
    const message = `No connection to ${hosts} of ${this.domain} within ${withinMs} ms; still trying`;
    return refuse('federation-connection-refused', { message });
  }

  #overloaded(why: string): Refusal {
    return refuse('federation-overloaded', {
      message: `Too many requests to ${this.domain}: ${why}`,
      headers: { 'retry-after': '1' },
    });
  }
}
