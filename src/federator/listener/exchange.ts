import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { constants, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import type { Readable, Writable } from 'node:stream';
import { refuse } from '#contract/refusal.ts';
import { announcedBytes, BodyCollector, bodyTooLarge } from './body.ts';
import { type AnswerHeaders, type HttpRequest, plainAddress, reasonPhrases } from './http-request.ts';
import { WriteRounds } from './write-rounds.ts';

/** What the deadlines of a listener look at, once a second. */
export interface Progress {
  /** Bytes of the body that have arrived. */
  received: number;
  /** Time in which the body was awaited and nothing lay ready, in milliseconds. */
  waitedMs: number;
  /** `written` at the last look, and for how long it has not moved while something waited to go out. */
  seenWritten: number;
  stalledMs: number;
}

const noProgress = (): Progress => ({ received: 0, waitedMs: 0, seenWritten: -1, stalledMs: 0 });

/** An exchange as its listener sees it. */
export abstract class Exchange implements HttpRequest {
  abstract readonly protocol: 'http/1.1' | 'h2';
  abstract readonly method: string;
  abstract readonly path: string;
  abstract readonly headers: IncomingHttpHeaders;
  abstract readonly peerAddress: string;
  abstract readonly answered: boolean;
  readonly progress = noProgress();
  /** The incoming side, whether or not anybody reads it yet. */
  abstract readonly incoming: Readable;
  /** The outgoing side. */
  abstract readonly outgoing: Writable;
  /** True when the caller broke off: what was read is then no whole body, although Node ends it like one. */
  protected abstract readonly cutOff: boolean;
  #counted = false;
  #abandoned: (() => void)[] | undefined;
  #gone = false;
  #aborter: AbortController | undefined;
  #reject: ((reason: unknown) => void) | undefined;

  get body(): Readable {
    if (!this.#counted) {
      this.#counted = true;
      // Counting must not start the flow: a handler may look at the policy first.
      this.incoming.pause();
      this.incoming.on('data', this.#count);
    }
    return this.incoming;
  }

  get signal(): AbortSignal {
    if (this.#aborter === undefined) {
      const aborter = new AbortController();
      this.#aborter = aborter;
      this.onAbandoned(() => aborter.abort());
    }
    return this.#aborter.signal;
  }

  async readAll(maxBytes: number): Promise<Buffer> {
    const announced = announcedBytes(this.headers['content-length']);
    if (announced !== undefined && announced > maxBytes) throw bodyTooLarge(maxBytes, announced);
    // An empty body ends by itself, before anybody reads it.
    if (this.incoming.readableEnded && !this.cutOff && !announced) return Buffer.alloc(0);
    return new Promise((resolve, reject) => {
      const collector = new BodyCollector(maxBytes);
      const incoming = this.incoming;
      this.#reject = reject;
      incoming.on('data', (chunk: Buffer) => {
        this.progress.received += chunk.length;
        if (!collector.add(chunk)) reject(bodyTooLarge(maxBytes));
        // All that was announced is all there will be: HTTP refuses more.
        else if (this.progress.received === announced) resolve(collector.whole());
      });
      incoming.on('end', () => {
        // A stream that dies under its reader ends as well.
        const short = announced !== undefined && announced !== this.progress.received;
        const cut = incoming.destroyed || this.cutOff || short;
        if (cut) reject(refuse('bad-request', { message: 'The body ended before it was whole' }));
        else resolve(collector.whole());
      });
      if (incoming.destroyed || this.cutOff)
        reject(refuse('bad-request', { message: 'The body ended before it was whole' }));
      incoming.resume();
    });
  }

  onAbandoned(listener: () => void): void {
    if (this.#gone) listener();
    else if (this.#abandoned === undefined) this.#abandoned = [listener];
    else this.#abandoned.push(listener);
  }

  /** The body came too slowly. */
  expire(message: string): void {
    const refusal = refuse('request-timeout', { message });
    if (this.#reject !== undefined) this.#reject(refusal);
    else if (!this.answered) {
      this.respond(refusal.status, { 'content-type': 'application/json' }, JSON.stringify(refusal.body()));
    }
    this.gone();
  }

  /** The socket or stream closed before the answer was complete. */
  gone(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#reject?.(refuse('bad-request', { message: 'The body ended before it was whole' }));
    for (const listener of this.#abandoned ?? []) listener();
  }

  abstract respond(status: number, headers: AnswerHeaders, body?: Uint8Array | string): void;
  abstract begin(status: number, headers: AnswerHeaders): Writable;
  abstract pace(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  abstract abort(): void;
  /** Bytes of the answer handed to the network so far, or a number that moves with them. */
  abstract written(): number;

  readonly #count = (chunk: Buffer): void => {
    this.progress.received += chunk.length;
  };
}

const rounds = new WeakMap<Http2Session, WriteRounds>();

function roundsOf(session: Http2Session): WriteRounds {
  const known = rounds.get(session) ?? new WriteRounds();
  rounds.set(session, known);
  return known;
}

/** An HTTP/2 stream as a request. */
export class StreamExchange extends Exchange {
  readonly protocol = 'h2';
  readonly headers: IncomingHttpHeaders;
  readonly #stream: ServerHttp2Stream;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    super();
    this.#stream = stream;
    this.headers = headers;
  }

  get method(): string {
    return String(this.headers[':method'] ?? '');
  }

  get path(): string {
    return String(this.headers[':path'] ?? '');
  }

  get peerAddress(): string {
    return plainAddress(this.#stream.session?.socket?.remoteAddress);
  }

  get answered(): boolean {
    return this.#stream.headersSent;
  }

  get incoming(): Readable {
    return this.#stream;
  }

  get outgoing(): Writable {
    return this.#stream;
  }

  protected get cutOff(): boolean {
    return this.#stream.rstCode !== constants.NGHTTP2_NO_ERROR;
  }

  respond(status: number, headers: AnswerHeaders, body?: Uint8Array | string): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed || stream.headersSent) return;
    const length = body === undefined ? 0 : Buffer.byteLength(body);
    const empty = length === 0;
    // The length lets a relay at the other end pass the answer on in one piece.
    const head = { 'content-length': length, ...(headers as Record<string, string>), ':status': status };
    stream.respond(head, { endStream: empty });
    if (!empty) stream.end(body);
    if (!stream.readableEnded) this.#stopUpload();
  }

  begin(status: number, headers: AnswerHeaders): Writable {
    const stream = this.#stream;
    if (!stream.destroyed && !stream.closed && !stream.headersSent) {
      stream.respond({ ...(headers as Record<string, string>), ':status': status });
    }
    return stream;
  }

  pace(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    const { session } = this.#stream;
    return session === undefined ? chunks : roundsOf(session).pace(chunks);
  }

  abort(): void {
    // `close` would end the body first, and what is cut off would look whole.
    this.#stream.destroy(new Error('the exchange was cut off'));
  }

  written(): number {
    return this.#stream.writableLength;
  }

  /** RFC 9113 8.1: a complete answer before the whole request is followed by RST_STREAM with NO_ERROR. */
  #stopUpload(): void {
    const stream = this.#stream;
    const stop = () => {
      if (!stream.readableEnded && !stream.closed) stream.close(constants.NGHTTP2_NO_ERROR);
    };
    // An upload that has ended but was not read yet needs no reset: reading on finds its end.
    stream.resume();
    if (stream.writableFinished) setImmediate(stop);
    else stream.once('finish', () => setImmediate(stop));
  }
}

/** An HTTP/1.1 message as a request. */
export class MessageExchange extends Exchange {
  readonly protocol = 'http/1.1';
  readonly #message: IncomingMessage;
  readonly #response: ServerResponse;

  constructor(message: IncomingMessage, response: ServerResponse) {
    super();
    this.#message = message;
    this.#response = response;
  }

  get method(): string {
    return this.#message.method ?? '';
  }

  get path(): string {
    return this.#message.url ?? '';
  }

  get headers(): IncomingHttpHeaders {
    return this.#message.headers;
  }

  get peerAddress(): string {
    return plainAddress(this.#message.socket.remoteAddress);
  }

  get answered(): boolean {
    return this.#response.headersSent;
  }

  get incoming(): Readable {
    return this.#message;
  }

  get outgoing(): Writable {
    return this.#response;
  }

  protected get cutOff(): boolean {
    return this.#message.destroyed && !this.#message.complete;
  }

  respond(status: number, headers: AnswerHeaders, body?: Uint8Array | string): void {
    const response = this.#response;
    if (response.headersSent || response.destroyed) return;
    // What is still being uploaded is not worth reading: the answer ends the connection.
    const whole = this.progress.received === announcedBytes(this.headers['content-length']);
    const unread = !this.#message.complete && !whole;
    const length = body === undefined ? 0 : Buffer.byteLength(body);
    this.#writeHead(status, {
      ...headers,
      'content-length': length,
      ...(unread ? { connection: 'close' } : {}),
    });
    response.end(length === 0 ? undefined : body);
    if (unread) this.#message.resume();
  }

  begin(status: number, headers: AnswerHeaders): Writable {
    if (!this.#response.headersSent && !this.#response.destroyed) this.#writeHead(status, headers);
    return this.#response;
  }

  pace(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    return chunks;
  }

  abort(): void {
    this.#message.socket.destroy();
  }

  written(): number {
    return this.#message.socket.bytesWritten - this.#message.socket.writableLength;
  }

  #writeHead(status: number, headers: AnswerHeaders): void {
    const reason = reasonPhrases[status];
    const fields = headers as Record<string, string>;
    if (reason === undefined) this.#response.writeHead(status, fields);
    else this.#response.writeHead(status, reason, fields);
  }
}
