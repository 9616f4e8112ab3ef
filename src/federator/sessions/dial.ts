import type { X509Certificate } from 'node:crypto';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { Refusal } from '#contract/refusal.ts';
import type { ClientTls } from './client-tls.ts';
import { connectErrorRefusal, connectRefusal, type Endpoint } from './failure.ts';
import { verifyServer } from './verify-server.ts';

/** A session that has proven its target and spoken HTTP/2: its SETTINGS have arrived. */
export interface Dialed {
  readonly endpoint: Endpoint;
  readonly session: ClientHttp2Session;
  readonly generation: number;
  readonly resumed: boolean;
}

export interface DialOptions {
  readonly tls: ClientTls;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly now: () => number;
}

/**
 * Connects to one address: TCP, TLS with our certificate, the checks of `verifyServer`, HTTP/2. Waits for the remote's
 * SETTINGS, because under TLS 1.3 a remote that refuses our certificate says so only after our handshake is done.
 *
 * @throws Refusal `federation-connection-refused`, `federation-tls-error` or `federation-http2-error`.
 */
export function dial(endpoint: Endpoint, options: DialOptions): Promise<Dialed> {
  return new Promise((resolve, reject) => {
    const { tls } = options;
    const { target, address } = endpoint;
    const key = `${target.host}:${target.port}`;
    const ticket = tls.ticket(key);
    const socket = connectTls({
      host: address.address,
      port: target.port,
      servername: target.host,
      secureContext: tls.context,
      session: ticket?.session,
      ALPNProtocols: ['h2'],
      // `verifyServer` judges, so that its message can tell what the certificate said. Nothing is sent before it has.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
    socket.setNoDelay(true);
    let session: ClientHttp2Session | undefined;
    let issued: Buffer | undefined;
    let certificate: X509Certificate | undefined;
    const keepTicket = () => {
      if (issued !== undefined && certificate !== undefined)
        tls.keepTicket(key, { session: issued, certificate });
    };
    let settled = false;
    const settle = (failure: Refusal | undefined) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      options.signal.removeEventListener('abort', onAbort);
      if (failure !== undefined || session === undefined) {
        // A ticket that was offered may be what the remote choked on.
        tls.dropTicket(key);
        session?.destroy();
        socket.destroy();
        reject(failure ?? connectRefusal('federation-http2-error', endpoint, 'no HTTP/2 session'));
        return;
      }
      keepTicket();
      resolve({ endpoint, session, generation: tls.generation, resumed: socket.isSessionReused() });
    };
    const fail = (error: Error) =>
      settle(error instanceof Refusal ? error : connectErrorRefusal(endpoint, error));
    const onAbort = () => settle(connectRefusal('federation-connection-refused', endpoint, 'given up'));
    const timer = setTimeout(() => {
      const what = `no connection within ${options.timeoutMs} ms (${stage(socket, session)})`;
      settle(connectRefusal('federation-connection-refused', endpoint, what));
    }, options.timeoutMs);
    options.signal.addEventListener('abort', onAbort);
    socket.on('error', fail);
    socket.on('close', () => fail(new Error(`the connection was closed (${stage(socket, session)})`)));
    socket.on('session', (latest: Buffer) => {
      issued = latest;
      // Only of a connection that passed every check, or a resumption would pass what was refused.
      if (settled && session !== undefined && !session.destroyed) keepTicket();
    });
    socket.once('secureConnect', () => {
      certificate = socket.isSessionReused() ? ticket?.certificate : socket.getPeerX509Certificate();
      try {
        verifyServer(socket, certificate, endpoint, options.now());
      } catch (refusal) {
        fail(refusal as Error);
        return;
      }
      session = speakHttp2(socket, target.host);
      session.on('error', fail);
      session.on('close', () => fail(new Error('the connection was closed before HTTP/2 began')));
      session.once('remoteSettings', () => settle(undefined));
    });
  });
}

function stage(socket: TLSSocket, session: ClientHttp2Session | undefined): string {
  if (socket.connecting) return 'TCP did not connect';
  return session === undefined ? 'during the TLS handshake' : 'waiting for HTTP/2 SETTINGS';
}

/** Bytes that a remote may send ahead: per stream, and on the session. */
const streamWindow = 512 * 1024;
const sessionWindow = 4 * 1024 * 1024;

function speakHttp2(socket: TLSSocket, host: string): ClientHttp2Session {
  const session = connectHttp2(`https://${host}`, {
    createConnection: () => socket,
    settings: { enablePush: false, initialWindowSize: streamWindow, maxHeaderListSize: 64 * 1024 },
    maxHeaderListPairs: 128,
    maxSettings: 32,
    maxOutstandingPings: 10,
    maxSessionMemory: 64,
  });
  session.once('connect', () => session.setLocalWindowSize(sessionWindow));
  return session;
}
