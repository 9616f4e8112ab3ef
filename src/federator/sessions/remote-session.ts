import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  constants,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { Dialed } from './dial.ts';
import { describeEndpoint, type Endpoint } from './failure.ts';
import type { SessionOptions } from './options.ts';

/**
 * State of one session. Before these it is `connecting`: an attempt of its `Remote`, which no call can use yet.
 *
 * - `idle`: open, without a stream since `since`. Closed after `idleMs`. Takes streams and is then `ready`.
 * - `ready`: open, with streams. Back to `idle` when the last one ends.
 * - `draining`: takes no new stream, closes when the last one ends or after `drainMs`. Entered by GOAWAY, by a new
 *   certificate, by a target that discovery no longer names, and on shutdown.
 * - `closed`: for good. Entered from everywhere: an unanswered ping, a lost socket, a removed CA.
 */
export type SessionState =
  | { readonly kind: 'idle'; readonly since: number }
  | { readonly kind: 'ready' }
  | { readonly kind: 'draining'; readonly since: number; readonly reason: string }
  | { readonly kind: 'closed'; readonly reason: string };

export interface SessionNeeds {
  readonly options: SessionOptions;
  readonly now: () => number;
  /** A stream ended: there may be room for one that waits. */
  readonly onRoom: () => void;
  readonly onClosed: (session: RemoteSession) => void;
}

/** One open HTTP/2 session to a remote, and how many more streams it takes. */
export class RemoteSession {
  readonly endpoint: Endpoint;
  readonly generation: number;
  readonly openedAt: number;
  /** The remote's number while it has sessions; see `RpcRequest.session`. */
  readonly number: number;
  readonly #http2: ClientHttp2Session;
  readonly #needs: SessionNeeds;
  #state: SessionState;
  #reserved = 0;
  #maxStreams: number;
  #lastStreamId: number | undefined;
  #seenBytes = 0;
  #quietSince: number;
  #pinging = false;

  constructor(dialed: Dialed, number: number, needs: SessionNeeds) {
    this.endpoint = dialed.endpoint;
    this.generation = dialed.generation;
    this.number = number;
    this.#http2 = dialed.session;
    this.#needs = needs;
    this.openedAt = needs.now();
    this.#quietSince = this.openedAt;
    this.#state = { kind: 'idle', since: this.openedAt };
    this.#maxStreams = this.#allowedStreams();
    const http2 = dialed.session;
    http2.on('remoteSettings', () => {
      this.#maxStreams = this.#allowedStreams();
      needs.onRoom();
    });
    http2.on('goaway', (code: number, lastStreamId: number) => {
      this.#lastStreamId = lastStreamId;
      this.drain(`the remote sent GOAWAY (${errorName(code)})`);
    });
    http2.on('error', (error: Error) => this.#close(error.message));
    http2.on('close', () => this.#close('the connection was closed'));
    if (http2.destroyed) this.#close('the connection was closed');
  }

  get state(): SessionState {
    return this.#state;
  }

  get streams(): number {
    return this.#reserved;
  }

  /** Whether its streams have ended with it. */
  get lost(): boolean {
    return this.#state.kind === 'closed' || this.#http2.destroyed;
  }

  /** Why it takes no more streams. */
  get endReason(): string | undefined {
    return 'reason' in this.#state ? this.#state.reason : undefined;
  }

  /** Whether a further stream fits. */
  get hasRoom(): boolean {
    const { kind } = this.#state;
    return (kind === 'ready' || kind === 'idle') && this.#reserved < this.#maxStreams && !this.#http2.closed;
  }

  /** Takes a place for one stream; follow with `request`, or give it back with `release`. */
  reserve(): void {
    this.#reserved += 1;
    if (this.#state.kind === 'idle') this.#state = { kind: 'ready' };
  }

  release(): void {
    this.#reserved -= 1;
    if (this.#reserved === 0) {
      if (this.#state.kind === 'ready') this.#state = { kind: 'idle', since: this.#needs.now() };
      else if (this.#state.kind === 'draining') this.#http2.close();
    }
    if (this.#state.kind !== 'closed') this.#needs.onRoom();
  }

  /**
   * Opens the reserved stream. Undefined, with the place given back, when the session ended since: nothing was sent.
   */
  request(headers: OutgoingHttpHeaders, endStream: boolean): ClientHttp2Stream | undefined {
    if (this.#state.kind === 'closed' || this.#http2.closed || this.#http2.destroyed) {
      this.release();
      return undefined;
    }
    const stream = this.#http2.request(headers, { endStream });
    stream.once('close', () => this.release());
    return stream;
  }

  /**
   * Whether a stream that failed was certainly not processed: the remote refused it, or its GOAWAY named a lower one as
   * the last it looked at (RFC 9113 6.8, 8.7). Only such a request may be sent again.
   */
  unprocessed(stream: ClientHttp2Stream): boolean {
    if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) return true;
    if (stream.id === undefined) return true;
    return this.#lastStreamId !== undefined && stream.id > this.#lastStreamId;
  }

  drain(reason: string): void {
    if (this.#state.kind !== 'idle' && this.#state.kind !== 'ready') return;
    this.#state = { kind: 'draining', since: this.#needs.now(), reason };
    if (this.#reserved === 0) this.#http2.close();
  }

  destroy(reason: string): void {
    this.#close(reason);
    this.#http2.destroy();
  }

  /** Asks a quiet session for a sign of life, ends an idle one and one that drains too long. Called at a beat. */
  tend(): void {
    const { options } = this.#needs;
    const now = this.#needs.now();
    const state = this.#state;
    if (state.kind === 'closed') return;
    if (state.kind === 'idle' && now - state.since >= options.idleMs) {
      this.drain('idle');
      return;
    }
    if (state.kind === 'draining' && now - state.since >= options.drainMs) {
      this.destroy(`${state.reason}, and its streams did not end within ${options.drainMs} ms`);
      return;
    }
    const bytes = this.#http2.socket?.bytesRead ?? 0;
    if (bytes !== this.#seenBytes) {
      this.#seenBytes = bytes;
      this.#quietSince = now;
      return;
    }
    const bearable = this.#reserved > 0 ? options.busyPingIntervalMs : options.pingIntervalMs;
    if (!this.#pinging && now - this.#quietSince >= bearable) this.#ping(now);
  }

  #ping(sentAt: number): void {
    const { options } = this.#needs;
    this.#pinging = true;
    const late = setTimeout(() => {
      const silent = `${options.pingTimeoutMs} ms`;
      this.destroy(`${describeEndpoint(this.endpoint)} did not answer a ping within ${silent}`);
    }, options.pingTimeoutMs);
    late.unref();
    this.#http2.ping((error) => {
      clearTimeout(late);
      this.#pinging = false;
      if (error === null) this.#quietSince = Math.max(this.#quietSince, sentAt);
    });
  }

  #close(reason: string): void {
    if (this.#state.kind === 'closed') return;
    const first = this.#state.kind === 'draining' ? this.#state.reason : reason;
    this.#state = { kind: 'closed', reason: first };
    this.#needs.onClosed(this);
  }

  #allowedStreams(): number {
    const theirs = this.#http2.remoteSettings.maxConcurrentStreams ?? Number.POSITIVE_INFINITY;
    return Math.min(theirs, this.#needs.options.maxStreamsPerSession);
  }
}

const errorNames = new Map(
  Object.entries(constants)
    .filter(([name]) =>
      /^NGHTTP2_(NO_ERROR|.*_ERROR|REFUSED_STREAM|CANCEL|ENHANCE_YOUR_CALM|.*_SECURITY|HTTP_1_1_REQUIRED|STREAM_CLOSED|SETTINGS_TIMEOUT|CONNECT_ERROR)$/.test(
        name,
      ),
    )
    .map(([name, code]) => [code, name.slice('NGHTTP2_'.length)]),
);

/** Name of an HTTP/2 error code (RFC 9113 7). */
export function errorName(code: number): string {
  return errorNames.get(code) ?? `code ${code}`;
}
