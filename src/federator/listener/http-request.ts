import type { IncomingHttpHeaders } from 'node:http';
import type { Readable, Writable } from 'node:stream';

/** Headers of an answer; names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string | number | readonly string[]>>;

/**
 * A request to one of the federator's listeners, the same for HTTP/1.1 and HTTP/2, cleartext and TLS.
 *
 * A handler answers with `respond`, or with `begin` and writes; or throws a `Refusal`, which the listener answers. The
 * body is read with `readAll`, or as the stream `body`; what a handler leaves unread is thrown away.
 */
export interface HttpRequest {
  readonly protocol: 'http/1.1' | 'h2';
  /** As received: case and unknown methods included. */
  readonly method: string;
  /** Path and query as received, undecoded. */
  readonly path: string;
  /** Names in lower case. A field given twice is joined with `, ` (so a doubled domain is no domain any more). */
  readonly headers: IncomingHttpHeaders;
  /** Address of the socket's other end, without an IPv4-mapped prefix. */
  readonly peerAddress: string;
  readonly body: Readable;
  /** True once an answer has begun. */
  readonly answered: boolean;
  /** Aborted when the caller goes away, or is cut off, before the answer is complete. Made on first use. */
  readonly signal: AbortSignal;
  /**
   * Reads the whole body.
   * @throws Refusal `body-too-large` (413) as soon as more than `maxBytes` are announced or arrive, `request-timeout`
   * (408) when it arrives too slowly.
   */
  readAll(maxBytes: number): Promise<Buffer>;
  /** Answers with a whole body, or none. */
  respond(status: number, headers: AnswerHeaders, body?: Uint8Array | string): void;
  /** Sends the head of an answer; the body is what is written to the stream returned. */
  begin(status: number, headers: AnswerHeaders): Writable;
  /** The chunks of a body in turns with those of other answers of the same session; see `WriteRounds`. */
  pace(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  /** Cuts the exchange off: the only way to report a failure after `begin`. */
  abort(): void;
  /** Calls back once, when the caller goes away before the answer is complete. */
  onAbandoned(listener: () => void): void;
}

/** Answers a request; a rejection or throw is answered by the listener. */
export type HttpHandler = (request: HttpRequest) => void | Promise<void>;

/** Reason phrases of the statuses that HTTP does not know (reference federation-api 1.2.6), for HTTP/1.1. */
export const reasonPhrases: Readonly<Record<number, string>> = {
  521: 'Remote Federator Connection Refused',
  525: 'SSL Handshake Failure',
  533: 'Unexpected Federation Response',
};

/** Node shows an IPv4 caller of a dual-stack socket as `::ffff:192.0.2.1`. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
