import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority, type IssuedCertificate, type KeyPair } from '../ca/index.ts';

/** A request as it came. */
export interface ServiceRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  /** Of JSON; undefined when there was none. */
  readonly body: unknown;
}

export interface ServiceReply {
  readonly status: number;
  readonly body?: unknown;
}

/** An HTTPS server on loopback whose certificate nobody vouches for but its own key. */
export interface PinnedServer extends AsyncDisposable {
  /** The same after a stop. */
  readonly port: number;
  /** Of the certificate that it was opened with, in PEM. */
  readonly publicKey: string;
  /** Refuses connections until it is started again, with another certificate if one is given. */
  stop(): Promise<void>;
  start(certificate?: IssuedCertificate): Promise<void>;
}

/** A certificate that is signed by its own key, as one is made that is going to be pinned. */
export function createSelfSigned(options: { readonly key?: KeyPair; readonly notAfter?: Date } = {}) {
  return createAuthority({ key: 'RSA-2048', commonName: 'service', ...options });
}

/** Opens such a server, which answers what `reply` says. */
export async function openPinnedServer(
  reply: (request: ServiceRequest) => ServiceReply | Promise<ServiceReply>,
  own: IssuedCertificate = createSelfSigned(),
): Promise<PinnedServer> {
  let server: Server | undefined;
  let port = 0;
  const pinned: PinnedServer = {
    get port() {
      return port;
    },
    publicKey: String(new X509Certificate(own.certificate).publicKey.export({ type: 'spki', format: 'pem' })),
    async start({ chain, key } = own) {
      server = createServer({ cert: chain, key }, async (request, response) => {
        const { status, body } = await reply(await readRequest(request));
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(body === undefined ? undefined : JSON.stringify(body));
      });
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      ({ port } = server.address() as AddressInfo);
    },
    async stop() {
      if (server === undefined) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      server = undefined;
      await closed;
    },
    [Symbol.asyncDispose]: () => pinned.stop(),
  };
  await pinned.start();
  return pinned;
}

async function readRequest(request: IncomingMessage): Promise<ServiceRequest> {
  const text = Buffer.concat(await Array.fromAsync(request)).toString();
  const body: unknown = text === '' ? undefined : JSON.parse(text);
  const { method = '', url: path = '', headers } = request;
  return { method, path, authorization: headers.authorization, body };
}
