import type { ServerOptions } from 'node:http';
import type { ServerOptions as Http2ServerOptions } from 'node:http2';

/** Bounds on what one caller of an HTTP listener may cost. Times in milliseconds, sizes in bytes. */
export interface HttpLimits {
  /** Header block of a request, names and values together; beyond it 431 `headers-too-large`. */
  readonly maxHeaderBytes: number;
  /** Header fields of a request; beyond it 431 `headers-too-large`. */
  readonly maxHeaderPairs: number;
  /** HTTP/2 streams that a caller may have open on one session. */
  readonly maxStreams: number;
  /** Sockets open at once; a further one is closed unanswered. */
  readonly maxSockets: number;
  /** From the first byte of a socket to knowing its protocol, and for the headers of a request to arrive. */
  readonly headersTimeoutMs: number;
  /** A request body may keep us waiting this long in all, and a second more for each `minBodyBytesPerSecond`. */
  readonly bodyGraceMs: number;
  readonly minBodyBytesPerSecond: number;
  /** An answer of which the caller takes nothing for this long is cut off. */
  readonly stalledAnswerMs: number;
  /** A socket without any request for this long is closed. */
  readonly idleSocketMs: number;
  /** How long requests under way may take to end when the listener closes. */
  readonly closeGraceMs: number;
}

export const defaultHttpLimits: HttpLimits = {
  maxHeaderBytes: 64 * 1024,
  maxHeaderPairs: 128,
  maxStreams: 1000,
  maxSockets: 10_000,
  headersTimeoutMs: 5_000,
  bodyGraceMs: 5_000,
  minBodyBytesPerSecond: 1024,
  stalledAnswerMs: 30_000,
  idleSocketMs: 120_000,
  closeGraceMs: 10_000,
};

/**
 * Options of a `node:http2` server under these limits. The header bounds given to nghttp2 lie above ours, so that a
 * request that is only somewhat too large is told so with 431; one far beyond has its stream reset.
 */
export function http2ServerOptions(limits: HttpLimits): Http2ServerOptions {
  return {
    maxSessionInvalidFrames: 1000,
    maxSessionRejectedStreams: 100,
    maxOutstandingPings: 10,
    maxSettings: 32,
    // Megabytes: what is written and not sent yet counts, 64 KiB of each of hundreds of files; beyond it streams are reset.
    maxSessionMemory: 64,
    maxHeaderListPairs: 2 * limits.maxHeaderPairs,
    settings: {
      enablePush: false,
      maxConcurrentStreams: limits.maxStreams,
      maxHeaderListSize: limits.maxHeaderBytes + 32 * 1024,
      initialWindowSize: 256 * 1024,
    },
  };
}

/** Options of a `node:http` server under these limits. */
export function http1ServerOptions(limits: HttpLimits): ServerOptions {
  return {
    maxHeaderSize: limits.maxHeaderBytes,
    // The acceptor refuses a request without one itself: Node's own answer has no body.
    requireHostHeader: false,
    headersTimeout: limits.headersTimeoutMs,
    // The body has its own deadline, by progress.
    requestTimeout: 0,
    keepAliveTimeout: limits.idleSocketMs,
    connectionsCheckingInterval: Math.min(1000, limits.headersTimeoutMs),
    noDelay: true,
  };
}
