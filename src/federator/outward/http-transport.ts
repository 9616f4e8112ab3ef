import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import {
  FederatorUnreachable,
  federationHeaders,
  type RpcRequest,
  type RpcResponse,
  type RpcTransport,
} from '#contract/rpc-transport.ts';

import { wholeOnly } from './answer-body.ts';

export interface HttpTransportOptions {
  /** The outward listener, `http://host:port`. */
  readonly url: string;
  readonly connectTimeoutMs?: number;
}

/**
 * The way to the outward side of a federator in another process: one HTTP/2 session, opened when first needed and again
 * after it was lost. A call of which nothing can have arrived is sent once more; any other failure rejects with
 * `FederatorUnreachable`.
 */
export function createHttpTransport(options: HttpTransportOptions): RpcTransport & AsyncDisposable {
  return new HttpTransport(options);
}

class HttpTransport implements RpcTransport, AsyncDisposable {
  readonly #url: string;
  readonly #connectTimeoutMs: number;
  #session: ClientHttp2Session | undefined;

  constructor(options: HttpTransportOptions) {
    this.#url = options.url;
    this.#connectTimeoutMs = options.connectTimeoutMs ?? 5_000;
  }

  async send(request: RpcRequest): Promise<RpcResponse> {
    const reused = this.#session !== undefined;
    try {
      return await this.#sendOn(this.#live(), request);
    } catch (error) {
      if (!reused || !(error instanceof FederatorUnreachable) || !error.untouched) throw error;
      return await this.#sendOn(this.#live(), request);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#session?.destroy();
    this.#session = undefined;
  }

  #live(): ClientHttp2Session {
    const known = this.#session;
    if (known !== undefined && !known.closed && !known.destroyed) return known;
    const session = connect(this.#url, { settings: { enablePush: false, initialWindowSize: 512 * 1024 } });
    const timer = setTimeout(
      () => session.destroy(new Error(`no connection to ${this.#url} within ${this.#connectTimeoutMs} ms`)),
      this.#connectTimeoutMs,
    );
    const forget = () => {
      clearTimeout(timer);
      if (this.#session === session) this.#session = undefined;
    };
    session.on('connect', () => {
      clearTimeout(timer);
      session.setLocalWindowSize(4 * 1024 * 1024);
    });
    session.on('goaway', forget);
    session.on('error', forget);
    session.on('close', forget);
    this.#session = session;
    return session;
  }

  #sendOn(session: ClientHttp2Session, request: RpcRequest): Promise<RpcResponse> {
    return new Promise((resolve, reject) => {
      const empty = request.body.length === 0;
      const stream = session.request(headOf(request), { endStream: empty });
      let broken: Error | undefined;
      stream.on('response', (headers) => {
        const status = headers[':status'] ?? 0;
        resolve({
          status,
          headers: plainHeaders(headers),
          body: wholeOnly(stream, lengthOf(headers['content-length'])),
          session: sessionOf(headers[federationHeaders.session]),
        });
      });
      stream.on('error', (error) => {
        broken = error;
      });
      // After an answer this rejection goes nowhere, and the body's reader sees the error.
      stream.on('close', () => reject(this.#unreachable(stream, broken)));
      request.signal?.addEventListener('abort', () => stream.destroy(new Error('the call was given up')), {
        once: true,
      });
      if (!empty) stream.end(request.body);
    });
  }

  #unreachable(stream: ClientHttp2Stream, cause: Error | undefined): FederatorUnreachable {
    const untouched = stream.id === undefined || stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
    const why = cause?.message ?? 'the connection was closed';
    return new FederatorUnreachable(`the federator at ${this.#url} did not answer: ${why}`, untouched, cause);
  }
}

function headOf(request: RpcRequest) {
  return {
    ...request.headers,
    ':method': 'POST',
    ':path': `/rpc/${request.domain}/${request.component}/${request.rpc}`,
    'content-length': String(request.body.length),
    ...(request.session === undefined ? {} : { [federationHeaders.session]: String(request.session) }),
  };
}

function plainHeaders(headers: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const plain: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (name.startsWith(':') || name === federationHeaders.session || value === undefined) continue;
    plain[name] = Array.isArray(value) ? value.join(', ') : String(value);
  }
  return plain;
}

function lengthOf(value: string | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function sessionOf(value: string | string[] | undefined): number | 'lost' | undefined {
  if (value === undefined) return undefined;
  return value === 'lost' ? 'lost' : Number(value);
}
