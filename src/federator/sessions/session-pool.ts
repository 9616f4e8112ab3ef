import type { BackendDomain } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { logger } from '#telemetry';
import type { CertificateStore, Discovery, SrvTarget } from '../faces.ts';
import { ClientTls } from './client-tls.ts';
import { describeEndpoint } from './failure.ts';
import { defaultSessionOptions, type SessionOptions } from './options.ts';
import { Remote } from './remote.ts';
import type { RemoteSession } from './remote-session.ts';
import { type PoolCounts, showPool } from './session-metrics.ts';

const log = logger('federator');
const beatMs = 250;
/** A remote without sessions, failures and calls is forgotten after this long. */
const forgetMs = 600_000;

export interface SessionPoolNeeds {
  readonly discovery: Pick<Discovery, 'find' | 'order' | 'resolve'>;
  readonly certificates: Pick<CertificateStore, 'current' | 'onReload'>;
  readonly options?: Partial<SessionOptions>;
  /** Wall clock in milliseconds; certificates are judged by it. */
  readonly now?: () => number;
  readonly random?: () => number;
}

/** What operations are told of a remote. */
export interface RemoteStatus {
  readonly domain: BackendDomain;
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** When an open breaker lets the next call try, as ISO 8601. */
  readonly nextAttemptAt?: string;
  readonly connecting: boolean;
  readonly waiting: number;
  readonly sessions: readonly SessionStatus[];
  readonly lastFailure?: { readonly at: string; readonly label: string; readonly message: string };
}

export interface SessionStatus {
  readonly endpoint: string;
  readonly state: 'idle' | 'ready' | 'draining' | 'closed';
  readonly reason?: string;
  readonly streams: number;
  readonly openedAt: string;
}

export interface SessionPool extends AsyncDisposable {
  /**
   * A session of the remote with one stream reserved: follow with `request` or `release`. `lost` when `number` is given
   * and the sessions it belongs to are gone.
   * @throws Refusal of discovery; `federation-connection-refused`, `federation-tls-error`, `federation-http2-error`;
   * `federation-overloaded`.
   */
  acquire(domain: BackendDomain, number?: number): Promise<RemoteSession | 'lost'>;
  /** The remote has just been admitted inward: its breaker closes, so that the next call tries at once. */
  contact(domain: BackendDomain): void;
  status(domain?: BackendDomain): readonly RemoteStatus[];
}

/**
 * Opens the pool of HTTP/2 sessions to remote backends. A reload of the certificates makes new calls use new sessions
 * while old ones drain; when a CA was removed, old ones are destroyed at once.
 */
export function openSessionPool(needs: SessionPoolNeeds): SessionPool {
  return new Pool(needs);
}

class Pool implements SessionPool {
  readonly #discovery: Pick<Discovery, 'find' | 'order' | 'resolve'>;
  readonly #options: SessionOptions;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #remotes = new Map<BackendDomain, Remote>();
  readonly #counts: PoolCounts = { sessions: 0 };
  readonly #beat: NodeJS.Timeout;
  readonly #hide: () => void;
  #tls: ClientTls;
  /** Starts at the time, so that a number learnt before a restart never fits one of now. */
  #number: number;
  #closed = false;

  constructor(needs: SessionPoolNeeds) {
    this.#discovery = needs.discovery;
    this.#options = { ...defaultSessionOptions, ...needs.options };
    this.#now = needs.now ?? Date.now;
    this.#random = needs.random ?? Math.random;
    this.#number = this.#now();
    this.#tls = new ClientTls(needs.certificates.current);
    needs.certificates.onReload((material, { caRemoved }) => {
      this.#tls = new ClientTls(material);
      for (const remote of this.#remotes.values()) {
        if (caRemoved) remote.end('destroy', 'a CA is no longer trusted');
        else remote.end('drain', 'the certificates were renewed');
        // A failure may have been ours, and is not believed of the new certificate.
        remote.breaker.succeeded();
      }
    });
    this.#beat = setInterval(() => this.#tend(), beatMs);
    this.#beat.unref();
    this.#hide = showPool({
      counts: this.#counts,
      breakers: () => this.#breakers(),
      waiting: () => [...this.#remotes.values()].reduce((sum, remote) => sum + remote.waiting, 0),
    });
  }

  async acquire(domain: BackendDomain, number?: number): Promise<RemoteSession | 'lost'> {
    const targets: readonly SrvTarget[] = await this.#discovery.find(domain);
    if (this.#closed) throw refuse('federation-connection-refused', { message: 'This backend is stopping' });
    return this.#remote(domain).acquire(targets, number);
  }

  contact(domain: BackendDomain): void {
    this.#remotes.get(domain)?.breaker.succeeded();
  }

  status(domain?: BackendDomain): readonly RemoteStatus[] {
    const remotes = [...this.#remotes.values()];
    return remotes.filter((remote) => domain === undefined || remote.domain === domain).map(statusOf);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearInterval(this.#beat);
    this.#hide();
    const stopping = refuse('federation-connection-refused', { message: 'This backend is stopping' });
    for (const remote of this.#remotes.values()) {
      remote.abandon(stopping);
      remote.end('destroy', 'this backend is stopping');
    }
  }

  #remote(domain: BackendDomain): Remote {
    const known = this.#remotes.get(domain);
    if (known !== undefined) return known;
    const made = new Remote(domain, {
      options: this.#options,
      discovery: this.#discovery,
      tls: () => this.#tls,
      now: this.#now,
      random: this.#random,
      nextNumber: () => {
        this.#number += 1;
        return this.#number;
      },
      counts: this.#counts,
    });
    this.#remotes.set(domain, made);
    return made;
  }

  #tend(): void {
    const now = this.#now();
    for (const remote of this.#remotes.values()) {
      try {
        remote.tend();
      } catch (error) {
        // One remote's trouble must not end the care for the others.
        log.error({ err: error, domain: remote.domain }, 'tending sessions failed');
      }
      if (remote.forgettable && now - remote.usedAt > forgetMs) this.#remotes.delete(remote.domain);
    }
  }

  #breakers() {
    const counts = { closed: 0, open: 0, halfOpen: 0 };
    for (const remote of this.#remotes.values()) {
      const { kind } = remote.breaker.state;
      counts[kind === 'half-open' ? 'halfOpen' : kind] += 1;
    }
    return counts;
  }
}

function statusOf(remote: Remote): RemoteStatus {
  const breaker = remote.breaker.state;
  const failure = remote.lastFailure;
  return {
    domain: remote.domain,
    breaker: breaker.kind,
    ...(breaker.kind === 'open' ? { nextAttemptAt: iso(breaker.until) } : {}),
    connecting: remote.connecting,
    waiting: remote.waiting,
    sessions: [...remote.sessions].map((session) => ({
      endpoint: describeEndpoint(session.endpoint),
      state: session.state.kind,
      ...('reason' in session.state ? { reason: session.state.reason } : {}),
      streams: session.streams,
      openedAt: iso(session.openedAt),
    })),
    ...(failure === undefined
      ? {}
      : {
          lastFailure: {
            at: iso(failure.at),
            label: failure.refusal.label,
            message: failure.refusal.message,
          },
        }),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
