import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { Refusal, refuse } from '#contract/refusal.ts';

/** An answer as it goes onto the wire. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | Readable | undefined;
}

const jsonType = { 'content-type': 'application/json' } as const;

/** What handlers answer, without the types of their declarations. */
export interface LooseAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Values become JSON; bytes go out as they are, whole or streamed, with the content type that the handler set. */
export function wireAnswer({ status, headers = {}, body }: LooseAnswer): WireAnswer {
  if (body === undefined || body instanceof Uint8Array) return { status, headers, body };
  if (isStream(body)) return { status, headers, body: toReadable(body) };
  return { status, headers: { ...jsonType, ...headers }, body: JSON.stringify(body) };
}

function isStream(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

function toReadable(body: AsyncIterable<Uint8Array>): Readable {
  return body instanceof Readable ? body : Readable.from(body, { objectMode: false });
}

/** Writes an answer. A stream that fails after its head is out has the connection cut, so that nobody takes it for whole. */
export function send(reply: FastifyReply, { status, headers, body }: WireAnswer): FastifyReply {
  return reply.code(status).headers(headers).send(body);
}

/** The answer for whatever a handler or a check threw; what is not a refusal is a bug and says nothing. */
export function errorAnswer(error: unknown): WireAnswer & { readonly label: string; readonly body: string } {
  const refusal = asRefusal(error) ?? refuse('server-error');
  return {
    status: refusal.status,
    headers: { ...jsonType, ...refusal.details.headers },
    body: JSON.stringify(refusal.body()),
    label: refusal.label,
  };
}

/** Refusals, and the few that the HTTP layer itself makes; undefined for a bug. */
export function asRefusal(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  switch ((error as { code?: unknown } | undefined)?.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return refuse('unsupported-media-type', { message: 'content-type: cannot be read', cause: error });
    case 'FST_ERR_BAD_URL':
      return refuse('bad-request', {
        message: 'request target: percent-encoding cannot be read',
        cause: error,
      });
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return refuse('no-endpoint', { cause: error });
    default:
      return undefined;
  }
}

/** Errors of Node's HTTP parser, found before there is a request. */
export function parserAnswer(error: NodeJS.ErrnoException): {
  readonly text: string;
  readonly label: string;
} {
  const refusal = parserRefusal(error);
  const body = JSON.stringify(refusal.body());
  const lines = [
    `HTTP/1.1 ${refusal.status} ${refusal.label}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ];
  return { text: lines.join('\r\n'), label: refusal.label };
}

function parserRefusal(error: NodeJS.ErrnoException): Refusal {
  if (error.code === 'HPE_HEADER_OVERFLOW') return refuse('headers-too-large');
  if (error.code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return refuse('body-too-large');
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return refuse('request-timeout');
  return refuse('bad-request', { message: `not an HTTP request: ${error.code ?? error.message}` });
}
