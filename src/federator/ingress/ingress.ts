import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import { findTrustPath, type PeerCertificateRules, readBundle } from '../certificates/index.ts';
import type { CertificateStore, TlsMaterial } from '../faces.ts';
import type { Inward } from '../inward/index.ts';
import {
  defaultHttpLimits,
  HttpAcceptor,
  type HttpLimits,
  type HttpRequest,
  plainAddress,
} from '../listener/index.ts';
import { countRefusal } from '../telemetry.ts';
import { type Judgement, PeerJudge, searchedIntermediates } from './judge-peer.ts';
import { SentChains } from './sent-chain.ts';
import { certificateRefused, countHandshake, ingressLog, watchSessions } from './telemetry.ts';

/** TLS 1.3 suites, then the two of TLS 1.2 (reference federation-api 1.4). */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
].join(':');

const handshakeTimeoutMs = 5_000;
/** After a reload, sessions made before it may end their requests within this time. */
const retireMs = 60_000;

export interface IngressOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly certificates: CertificateStore;
  readonly certificateRules: PeerCertificateRules;
  readonly inward: Pick<Inward, 'receive'>;
  readonly limits?: Partial<HttpLimits>;
  /** Milliseconds since 1970 by which certificates are judged. */
  readonly nowMs?: () => number;
}

export interface Ingress extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
}

/**
 * Opens the door for remotes: TLS 1.2 and 1.3 with a client certificate, HTTP/2 or HTTP/1.1 inside.
 *
 * A client certificate that is missing or does not verify does not fail the handshake: each request is answered with
 * 400 `authentication-failure` and the reason, so that the other side's operator can read it. No such request reaches
 * the inward side. Follows the certificate store: new handshakes use the new files at once, older sessions end, at
 * once when their certificate leads to no root any more, and no ticket outlives the files it was made under.
 *
 * @throws the `listen` error, such as `EADDRINUSE`.
 */
export async function openIngress(options: IngressOptions): Promise<Ingress> {
  const ingress = new EmbeddedIngress(options);
  await ingress.listen();
  return ingress;
}

class EmbeddedIngress implements Ingress {
  readonly host: string;
  readonly #options: IngressOptions;
  readonly #limits: HttpLimits;
  readonly #nowMs: () => number;
  readonly #server: Server;
  readonly #acceptor: HttpAcceptor;
  readonly #chains = new SentChains();
  readonly #judgements = new Map<TLSSocket, Judgement>();
  /** Every TCP socket, in its handshake or after it. */
  readonly #sockets = new Set<Socket>();
  readonly #retiring = new Set<NodeJS.Timeout>();
  readonly #sessions: Disposable;
  #judge: PeerJudge;
  #closed = false;
  port: number;

  constructor(options: IngressOptions) {
    this.host = options.host;
    this.port = options.port;
    this.#options = options;
    this.#limits = { ...defaultHttpLimits, ...options.limits };
    this.#nowMs = options.nowMs ?? Date.now;
    this.#judge = this.#judgeFor(options.certificates.current);
    this.#acceptor = new HttpAcceptor({ limits: this.#limits, handler: answerRefused, log: ingressLog });
    this.#server = createServer({
      ...contextOptions(options.certificates.current),
      ALPNCallback: alpnCallback(this.#chains),
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: handshakeTimeoutMs,
      noDelay: true,
    });
    this.#server.on('connection', (socket) => {
      if (this.#sockets.size >= this.#limits.maxSockets) {
        socket.destroy();
        return;
      }
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('secureConnection', (socket) => this.#accept(socket));
    this.#server.on('tlsClientError', (error, socket) => {
      countHandshake('failed');
      ingressLog.debug({ err: error, address: plainAddress(socket.remoteAddress) }, 'TLS handshake failed');
      socket.destroy();
    });
    options.certificates.onReload((material) => this.#reload(material));
    this.#sessions = watchSessions(() => this.#acceptor.size);
  }

  async listen(): Promise<void> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    this.#server.on('error', (error) => ingressLog.error({ err: error }, 'ingress listener failed'));
    const bound = this.#server.address();
    if (typeof bound === 'object' && bound !== null) this.port = bound.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#sessions[Symbol.dispose]();
    for (const timer of this.#retiring) clearTimeout(timer);
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    await this.#acceptor[Symbol.asyncDispose]();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #judgeFor(material: TlsMaterial): PeerJudge {
    return new PeerJudge(readBundle(material.ca), this.#options.certificateRules, this.#chains);
  }

  #accept(socket: TLSSocket): void {
    socket.on('error', ignore);
    const judgement = this.#judge.judge(socket, this.#nowMs());
    this.#judgements.set(socket, judgement);
    socket.on('close', () => this.#judgements.delete(socket));
    if (judgement.verified) {
      countHandshake(socket.isSessionReused() ? 'resumed' : 'verified');
    } else {
      certificateRefused(plainAddress(socket.remoteAddress), judgement.refusal.message);
    }
    const protocol = socket.alpnProtocol === 'h2' ? 'h2' : 'http/1.1';
    this.#acceptor.accept(socket, protocol, this.#handlerFor(judgement, socket));
  }

  #handlerFor(judgement: Judgement, socket: TLSSocket): (request: HttpRequest) => void | Promise<void> {
    if (judgement.verified) {
      const peer = { kind: 'verified', certificate: judgement.certificate } as const;
      return (request) => this.#options.inward.receive(request, peer);
    }
    const { refusal } = judgement;
    return () => {
      countRefusal('ingress', refusal.label);
      // One answer says it all: what was asked at the same time is still answered, then the session ends.
      setImmediate(() => this.#acceptor.retireSockets((other) => other === socket));
      throw refusal;
    };
  }

  /** A new context has new ticket keys: sessions made under the old files cannot be resumed under the new. */
  #reload(material: TlsMaterial): void {
    if (this.#closed) return;
    this.#server.setSecureContext(contextOptions(material));
    this.#judge = this.#judgeFor(material);
    const roots = readBundle(material.ca);
    const older = new Set<unknown>(this.#judgements.keys());
    this.#acceptor.destroySockets((socket) => {
      const judgement = this.#judgements.get(socket as TLSSocket);
      if (judgement === undefined || !judgement.verified) return true;
      return findTrustPath(judgement.certificate, judgement.sent, roots, searchedIntermediates) === undefined;
    });
    this.#acceptor.retireSockets((socket) => older.has(socket));
    const timer = setTimeout(() => {
      this.#retiring.delete(timer);
      this.#acceptor.destroySockets((socket) => older.has(socket));
    }, retireMs);
    timer.unref();
    this.#retiring.add(timer);
  }
}

function contextOptions(material: TlsMaterial): TlsOptions {
  return {
    cert: material.certificate,
    key: material.key,
    ca: material.ca,
    ...(material.crl === undefined ? {} : { crl: material.crl }),
    ciphers,
    honorCipherOrder: true,
    minVersion: 'TLSv1.2',
  };
}

const protocols = ['h2', 'http/1.1'];

/** Chooses the protocol, ours first; without a common one TLS ends the handshake. */
function alpnCallback(chains: SentChains) {
  return function choose(
    this: unknown,
    offered: { readonly protocols: readonly string[] },
  ): string | undefined {
    chains.watch(this);
    return protocols.find((protocol) => offered.protocols.includes(protocol));
  };
}

/** Every socket of the ingress has a handler of its own; without one nothing is let in. */
function answerRefused(): never {
  throw new Error('a socket without judgement made a request');
}

/** An error on a socket is followed by its `close`, which is where it is dealt with. */
function ignore(): void {}
