import { type BackOffOptions, defaultBackOff } from './back-off.ts';

/** How sessions to remotes are kept. Times in milliseconds. */
export interface SessionOptions {
  /** One attempt at an address: TCP, TLS and the remote's SETTINGS together. */
  readonly connectTimeoutMs: number;
  /**
   * How long a call waits for a connection to a remote that has none. Attempts go on in the background up to
   * `connectTimeoutMs`, so that a far remote is reached by the next call, while a dead one is reported in time.
   */
  readonly answerWithinMs: number;
  /** Head start of an address before the next one is tried beside it (RFC 8305 suggests 250). */
  readonly staggerMs: number;
  /** Streams on one session, at most as many as the remote allows. */
  readonly maxStreamsPerSession: number;
  /** Sessions to one remote; a further one is opened only when all are full. */
  readonly maxSessionsPerRemote: number;
  /** Calls to one remote that may wait for a stream; a further one is refused with `federation-overloaded`. */
  readonly maxWaiting: number;
  /** Longest wait for a stream while sessions are full. */
  readonly waitTimeoutMs: number;
  /** Silence on a session after which it is asked for a sign of life. */
  readonly pingIntervalMs: number;
  /** The same while calls wait for their answers: a frozen remote must not hold them for long. */
  readonly busyPingIntervalMs: number;
  readonly pingTimeoutMs: number;
  /** A session without a stream for this long is closed. */
  readonly idleMs: number;
  /** A draining session is cut off after this long. */
  readonly drainMs: number;
  /** A new connection for each call, as wire-server makes them; for comparing. */
  readonly singleUse: boolean;
  readonly backOff: BackOffOptions;
}

export const defaultSessionOptions: SessionOptions = {
  connectTimeoutMs: 5_000,
  answerWithinMs: 1_500,
  staggerMs: 250,
  maxStreamsPerSession: 250,
  maxSessionsPerRemote: 4,
  maxWaiting: 1_000,
  waitTimeoutMs: 10_000,
  pingIntervalMs: 10_000,
  busyPingIntervalMs: 1_000,
  // Whoever cannot answer a ping for so long is frozen, not busy.
  pingTimeoutMs: 3_000,
  idleMs: 300_000,
  drainMs: 60_000,
  singleUse: false,
  backOff: defaultBackOff,
};
