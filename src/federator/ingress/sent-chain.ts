import { type DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { type PeerCertificate, readCertificate } from '../certificates/index.ts';

/**
 * The certificates that remotes send beside their leaf.
 *
 * Some versions of Node (24.21 among them, nodejs/node#65579) lose them before the server hears of the connection, so
 * they are read a moment earlier: the ALPN call-back, which every HTTP/2 client causes, has the socket as its `this`
 * while the handshake still runs.
 */
export class SentChains {
  readonly #early = new WeakMap<TLSSocket, readonly PeerCertificate[]>();

  /** For `ALPNCallback`, with the socket. */
  watch(socket: unknown): void {
    if (!(socket instanceof TLSSocket)) return;
    socket.prependOnceListener('secure', () => {
      if (!socket.isSessionReused()) this.#early.set(socket, readSentChain(socket));
    });
  }

  /** What the far end sent beside its leaf, as far as Node links it to the leaf; empty when that cannot be seen. */
  of(socket: TLSSocket): readonly PeerCertificate[] {
    return this.#early.get(socket) ?? readSentChain(socket);
  }
}

/** Follows `issuerCertificate`; the last one, a root, links to itself. What cannot be read is no part of any path. */
function readSentChain(socket: TLSSocket): readonly PeerCertificate[] {
  const chain: PeerCertificate[] = [];
  const leaf: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  const seen = new Set<string>([leaf?.fingerprint256 ?? '']);
  for (let at = leaf?.issuerCertificate; at?.raw !== undefined; at = at.issuerCertificate) {
    if (seen.has(at.fingerprint256)) break;
    seen.add(at.fingerprint256);
    try {
      chain.push(readCertificate(at.raw));
    } catch {
      break;
    }
  }
  return chain;
}
