import { createServer, type Socket } from 'node:net';
import type { Logger } from '#telemetry';
import { HttpAcceptor } from './http-acceptor.ts';
import type { HttpHandler } from './http-request.ts';
import { defaultHttpLimits, type HttpLimits } from './limits.ts';

export interface PlainListenerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly handler: HttpHandler;
  readonly limits?: Partial<HttpLimits>;
  readonly log?: Logger;
}

export interface PlainListener extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `http://host:port`. */
  readonly url: string;
}

/**
 * Opens one cleartext port for HTTP/1.1 and prior-knowledge HTTP/2, told apart by the first three bytes (`PRI` starts
 * the preface of RFC 9113 3.4 and no HTTP/1.1 method that is served here).
 *
 * Every request of either protocol reaches `handler` as an `HttpRequest`. Limits and deadlines are kept here
 * (`HttpLimits`); what a handler throws is answered here: a `Refusal` with its error body, anything else as
 * `server-error`. Disposing stops accepting, lets requests end within `closeGraceMs`, then destroys the rest.
 *
 * @throws the `listen` error, such as `EADDRINUSE`, naming address and port.
 */
export async function openPlainListener(options: PlainListenerOptions): Promise<PlainListener> {
  const limits = { ...defaultHttpLimits, ...options.limits };
  const acceptor = new HttpAcceptor({ limits, handler: options.handler, log: options.log });
  const peeking = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    if (acceptor.size + peeking.size >= limits.maxSockets) {
      socket.destroy();
      return;
    }
    peeking.add(socket);
    socket.once('close', () => peeking.delete(socket));
    peekProtocol(socket, limits.headersTimeoutMs, (protocol) => {
      peeking.delete(socket);
      acceptor.accept(socket, protocol);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', (error) => options.log?.error({ err: error }, 'listener failed'));
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : options.port;
  const urlHost = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    host: options.host,
    port,
    url: `http://${urlHost}:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      for (const socket of peeking) socket.destroy();
      await acceptor[Symbol.asyncDispose]();
      await closed;
    },
  };
}

const preface = Buffer.from('PRI');

/** Waits for three bytes (they may come one by one), puts them back, and says what they begin. */
function peekProtocol(socket: Socket, timeoutMs: number, found: (protocol: 'http/1.1' | 'h2') => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  const done = () => {
    clearTimeout(timer);
    socket.off('data', onData);
    socket.off('error', onError);
    socket.off('close', done);
  };
  const onError = () => socket.destroy();
  const onData = (chunk: Buffer) => {
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const compared = Math.min(seen.length, preface.length);
    const isPreface = seen.subarray(0, compared).equals(preface.subarray(0, compared));
    if (isPreface && compared < preface.length) return;
    done();
    socket.pause();
    socket.unshift(seen);
    found(isPreface ? 'h2' : 'http/1.1');
  };
  socket.on('data', onData);
  socket.on('error', onError);
  socket.on('close', done);
}
