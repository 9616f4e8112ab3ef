import { createServer as createHttp1Server, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  constants,
  createServer as createHttp2Server,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Duplex } from 'node:stream';
import { type Refusal, refuse } from '#contract/refusal.ts';
import { type Logger, logger } from '#telemetry';
import { answerThrown } from './answer-refusal.ts';
import { watchDeadlines } from './deadlines.ts';
import { type Exchange, MessageExchange, StreamExchange } from './exchange.ts';
import type { HttpHandler } from './http-request.ts';
import { type HttpLimits, http1ServerOptions, http2ServerOptions } from './limits.ts';

const beatMs = 250;

export interface HttpAcceptorOptions {
  readonly limits: HttpLimits;
  /** Answers requests on sockets that were accepted without a handler of their own. */
  readonly handler: HttpHandler;
  readonly log?: Logger;
}

/** A socket with what is known of it. */
interface Accepted {
  readonly handler: HttpHandler;
  session?: ServerHttp2Session;
  /** No new requests: HTTP/1.1 answers close the connection. */
  retired: boolean;
}

/**
 * Speaks HTTP on sockets that somebody else accepted: the plain listener after its look at the first bytes, the ingress
 * after its TLS handshake. Owns the sockets from then on, their deadlines and their errors.
 */
export class HttpAcceptor implements AsyncDisposable {
  readonly #limits: HttpLimits;
  readonly #handler: HttpHandler;
  readonly #log: Logger;
  readonly #http1: ReturnType<typeof createHttp1Server>;
  readonly #http2: ReturnType<typeof createHttp2Server>;
  readonly #sockets = new Map<Duplex, Accepted>();
  readonly #sessions = new Map<Http2Session, SessionWatch>();
  /** The socket whose HTTP/2 session is being made: Node makes it while the event is emitted. */
  #accepting: Accepted | undefined;
  readonly #exchanges = new Set<Exchange>();
  readonly #beat: NodeJS.Timeout;
  #closing = false;
  #drained: (() => void) | undefined;

  constructor(options: HttpAcceptorOptions) {
    this.#limits = options.limits;
    this.#handler = options.handler;
    this.#log = options.log ?? logger('federator');
    this.#http1 = createHttp1Server(http1ServerOptions(options.limits));
    // Zero lifts Node's own bound, which would drop fields silently; ours answers 431.
    this.#http1.maxHeadersCount = 0;
    this.#http1.on('request', this.#onMessage);
    // Node answers these with an empty 417 and with nothing.
    this.#http1.on('checkExpectation', this.#onMessage);
    this.#http1.on('connect', answerConnect);
    this.#http1.on('clientError', answerClientError);
    // It never listens itself; this starts its watch over header deadlines and idle sockets all the same.
    this.#http1.emit('listening');
    this.#http2 = createHttp2Server(http2ServerOptions(options.limits));
    this.#http2.on('session', this.#onSession);
    this.#http2.on('sessionError', () => {});
    this.#http2.on('stream', this.#onStream);
    this.#beat = setInterval(this.#onBeat, beatMs);
    this.#beat.unref();
  }

  /** Sockets held. */
  get size(): number {
    return this.#sockets.size;
  }

  /** Takes over a socket whose protocol is known; its requests go to `handler`, when the socket has one of its own. */
  accept(socket: Duplex, protocol: 'http/1.1' | 'h2', handler: HttpHandler = this.#handler): void {
    if (this.#closing) {
      socket.destroy();
      return;
    }
    const accepted: Accepted = { handler, retired: false };
    this.#sockets.set(socket, accepted);
    socket.on('error', ignore);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#tellDrained();
    });
    if (protocol === 'h2') {
      this.#accepting = accepted;
      this.#http2.emit('connection', socket);
      this.#accepting = undefined;
    } else {
      this.#http1.emit('connection', socket);
      // The look at the first bytes left it paused; HTTP/2 reads from the handle and does not care.
      socket.resume();
    }
  }

  /** Lets requests under way end within `closeGraceMs`, then destroys what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    for (const session of this.#sessions.keys()) session.close();
    this.#http1.closeIdleConnections();
    if (this.#sockets.size > 0) {
      const drained = new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
      const force = setTimeout(() => this.destroySockets(), this.#limits.closeGraceMs);
      await drained;
      clearTimeout(force);
    }
    clearInterval(this.#beat);
    this.#http1.close();
    this.#http2.close();
  }

  /** Ends every socket at once, as when what they were admitted with is trusted no more. */
  destroySockets(which: (socket: Duplex) => boolean = () => true): void {
    for (const socket of this.#sockets.keys()) if (which(socket)) socket.destroy();
  }

  /** Takes no new requests from these sockets (GOAWAY, or `connection: close`) and lets those under way end. */
  retireSockets(which: (socket: Duplex) => boolean): void {
    for (const [socket, accepted] of this.#sockets) {
      if (!which(socket)) continue;
      accepted.retired = true;
      accepted.session?.close();
    }
  }

  readonly #onSession = (session: ServerHttp2Session): void => {
    session.on('error', ignore);
    const accepted = this.#accepting ?? { handler: this.#handler, retired: false };
    accepted.session = session;
    const watch = watchOf(accepted.handler);
    this.#sessions.set(session, watch);
    session.setLocalWindowSize(1024 * 1024);
    session.on('stream', () => {
      watch.active = true;
    });
    session.on('ping', () => {
      watch.active = true;
    });
    session.on('close', () => this.#sessions.delete(session));
  };

  readonly #onStream = (
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    _flags: number,
    rawHeaders: string[],
  ): void => {
    stream.on('error', ignore);
    const { session } = stream;
    const watch = session === undefined ? undefined : this.#sessions.get(session);
    if (session === undefined || watch === undefined) {
      // The session ended between Node's reading of the request and this event: there is nobody to answer.
      stream.destroy();
      return;
    }
    const exchange = new StreamExchange(stream, headers);
    watch.streams += 1;
    this.#exchanges.add(exchange);
    stream.on('close', () => {
      watch.streams -= 1;
      if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) countReset(session, watch);
      this.#exchanges.delete(exchange);
      // Node closes a stream once its last frame is out, before the write that carried it reports itself finished.
      if (!stream.writableEnded || stream.rstCode !== constants.NGHTTP2_NO_ERROR) exchange.gone();
    });
    this.#handle(exchange, rawHeaders, watch.handler);
  };

  readonly #onMessage = (message: IncomingMessage, response: ServerResponse): void => {
    message.on('error', ignore);
    response.on('error', ignore);
    const exchange = new MessageExchange(message, response);
    this.#exchanges.add(exchange);
    response.on('close', () => {
      this.#exchanges.delete(exchange);
      if (!response.writableFinished) exchange.gone();
      if (this.#closing) this.#http1.closeIdleConnections();
    });
    const accepted = this.#sockets.get(message.socket);
    if (this.#closing || accepted?.retired === true) response.setHeader('connection', 'close');
    const handler = accepted?.handler ?? this.#handler;
    this.#handle(exchange, message.rawHeaders, (request) => {
      checkMessage(message);
      return handler(request);
    });
  };

  #handle(exchange: Exchange, rawHeaders: readonly string[], handler: HttpHandler): void {
    try {
      checkHeaders(rawHeaders, this.#limits);
      const done = handler(exchange);
      if (done !== undefined) done.catch((thrown: unknown) => answerThrown(exchange, thrown, this.#log));
    } catch (thrown) {
      answerThrown(exchange, thrown, this.#log);
    }
  }

  readonly #onBeat = (): void => {
    for (const exchange of this.#exchanges) watchDeadlines(exchange, beatMs, this.#limits);
    for (const [session, watch] of this.#sessions) {
      watch.resets = Math.max(0, watch.resets - (resetsPerSecond * beatMs) / 1000);
      watchSession(session, watch, this.#limits);
    }
  };

  #tellDrained(): void {
    if (this.#sockets.size === 0) this.#drained?.();
  }
}

/** An HTTP/2 session between its streams: idle, or sending bytes that never become a request. */
interface SessionWatch {
  readonly handler: HttpHandler;
  /** Streams that ended by a reset of either side, less `resetsPerSecond`. */
  resets: number;
  /** Told to calm down; it is about to end. */
  calmed: boolean;
  streams: number;
  /** A stream opened or a ping came since the last look. */
  active: boolean;
  idleMs: number;
  /** Since bytes began to arrive that completed nothing, and at how many looks there were new ones. */
  dripMs: number;
  drips: number;
  seenBytes: number;
}

function watchOf(handler: HttpHandler): SessionWatch {
  return {
    handler,
    resets: 0,
    calmed: false,
    streams: 0,
    active: true,
    idleMs: 0,
    dripMs: 0,
    drips: 0,
    seenBytes: 0,
  };
}

/** More resets than a caller has use for cost us more than they cost the caller (CVE-2023-44487, CVE-2025-8671). */
const maxResets = 200;
const resetsPerSecond = 20;

function countReset(session: Http2Session, watch: SessionWatch): void {
  watch.resets += 1;
  if (watch.resets > maxResets) calmDown(session, watch);
}

/** Long enough for the GOAWAY to leave; streams after it are not taken. */
const calmMs = 100;

/** Ends a session that misbehaves, with the reason. */
function calmDown(session: Http2Session, watch: SessionWatch): void {
  if (watch.calmed || session.destroyed) return;
  watch.calmed = true;
  session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  const timer = setTimeout(() => session.destroy(), calmMs);
  session.once('close', () => clearTimeout(timer));
}

/** Looks with new bytes and no request after which a session counts as dripping rather than as settling. */
const maxDrips = 8;

function watchSession(session: Http2Session, watch: SessionWatch, limits: HttpLimits): void {
  const bytes = session.socket?.bytesRead ?? 0;
  const moved = bytes !== watch.seenBytes;
  watch.seenBytes = bytes;
  if (watch.streams > 0 || watch.active) {
    watch.active = false;
    watch.idleMs = 0;
    watch.dripMs = 0;
    watch.drips = 0;
    return;
  }
  watch.idleMs += beatMs;
  if (moved) watch.drips += 1;
  if (watch.drips > 0) watch.dripMs += beatMs;
  if (watch.drips > maxDrips && watch.dripMs > limits.headersTimeoutMs) {
    calmDown(session, watch);
  } else if (watch.idleMs > limits.idleSocketMs) {
    session.close();
  }
}

/** 431 for more header fields or bytes than allowed. */
function checkHeaders(rawHeaders: readonly string[], limits: HttpLimits): void {
  const pairs = rawHeaders.length / 2;
  if (pairs > limits.maxHeaderPairs) {
    const message = `The request has ${pairs} header fields, allowed are ${limits.maxHeaderPairs}`;
    throw refuse('headers-too-large', { message });
  }
  let bytes = 0;
  for (const text of rawHeaders) bytes += text.length;
  if (bytes > limits.maxHeaderBytes) {
    const message = `The request has ${bytes} bytes of headers, allowed are ${limits.maxHeaderBytes}`;
    throw refuse('headers-too-large', { message });
  }
}

/** What HTTP/1.1 asks of every request (RFC 9112 3.2, RFC 9110 10.1.1). */
function checkMessage({ httpVersion, headers }: IncomingMessage): void {
  if (headers.host === undefined && httpVersion === '1.1') {
    throw refuse('bad-request', { message: 'The request has no Host header' });
  }
  if (headers.expect !== undefined && headers.expect.toLowerCase() !== '100-continue') {
    throw refuse('bad-request', { message: `Expect is "${headers.expect}", expected 100-continue` });
  }
}

/** There is no proxy here. The socket is no longer Node's, so the answer is written by hand. */
function answerConnect(_message: IncomingMessage, socket: Duplex): void {
  const message = 'The requested endpoint does not exist: the method is CONNECT, expected POST';
  writeRefusal(socket, refuse('invalid-endpoint', { message }));
}

/** What Node's HTTP/1.1 parser refuses never becomes a request; the answer is written by hand. */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (lingering.has(socket)) return;
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  writeRefusal(socket, clientErrorRefusal(error));
}

/** The last answer on an HTTP/1.1 socket. */
function writeRefusal(socket: Duplex, refusal: Refusal): void {
  const body = JSON.stringify(refusal.body());
  socket.end(
    `HTTP/1.1 ${refusal.status} ${reasonOf(refusal.status)}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
  // Closing while more arrives resets the connection, and the answer is lost with it.
  lingering.add(socket);
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('end', () => socket.destroy());
  socket.once('close', () => clearTimeout(timer));
}

/** Sockets on which the last answer was written by hand: what still comes is thrown away. */
const lingering = new WeakSet<Duplex>();
const lingerMs = 1_000;

function clientErrorRefusal(error: NodeJS.ErrnoException): Refusal {
  if (error.code === 'HPE_HEADER_OVERFLOW') return refuse('headers-too-large', { cause: error });
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return refuse('request-timeout', { cause: error });
  return refuse('bad-request', { message: `The request is no HTTP: ${error.message}`, cause: error });
}

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

function reasonOf(status: number): string {
  return reasons[status] ?? '';
}

/** An error on a socket or stream is followed by its `close`, which is where it is dealt with. */
function ignore(): void {}
