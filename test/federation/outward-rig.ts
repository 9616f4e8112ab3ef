import { once } from 'node:events';
import {
  createSecureServer,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { type BackendDomain, parseBackendDomain, parseInfrastructureDomain } from '#contract/ids.ts';
import { Refusal, refuse } from '#contract/refusal.ts';
import { type Authority, createAuthority, type IssuedCertificate } from '#testkit';
import type { CertificateStore, Discovery, SrvTarget, TlsMaterial } from '../../src/federator/faces.ts';
import {
  openSessionPool,
  type SessionOptions,
  type SessionPool,
} from '../../src/federator/sessions/index.ts';

/**
 * The outward side without the rest of a backend: real TLS servers as remotes, a discovery and a certificate store
 * that say what a test tells them.
 */

export function backendDomain(text: string): BackendDomain {
  const domain = parseBackendDomain(text);
  if (domain === undefined) throw new Error(`${text} is no domain`);
  return domain;
}

export function target(host: string, port: number, priority = 0): SrvTarget {
  const parsed = parseInfrastructureDomain(host);
  if (parsed === undefined) throw new Error(`${host} is no domain`);
  return { host: parsed, port, priority, weight: 1 };
}

export const own = backendDomain('a.example.com');
export const remote = backendDomain('b.example.com');
export const remoteHost = 'wire.b.example.com';

/** Discovery from tables; a host that `addresses` lacks is at 127.0.0.1. */
export class TableDiscovery implements Pick<Discovery, 'find' | 'order' | 'resolve'> {
  readonly targets = new Map<BackendDomain, readonly SrvTarget[]>();
  readonly addresses = new Map<string, readonly string[]>();
  /** Look-ups of addresses, which only happen when a connection is made. */
  resolved = 0;

  async find(domain: BackendDomain): Promise<readonly SrvTarget[]> {
    const found = this.targets.get(domain);
    if (found === undefined) throw refuse('invalid-domain', { message: `srv record not found: ${domain}` });
    return found;
  }

  async resolve({ host }: SrvTarget) {
    this.resolved += 1;
    const addresses = this.addresses.get(host) ?? ['127.0.0.1'];
    return addresses.map((address) => ({ address, family: 4 as const }));
  }

  order(targets: readonly SrvTarget[]): readonly SrvTarget[] {
    return targets.toSorted((left, right) => left.priority - right.priority);
  }
}

/** The certificates of this backend; `reload` is a change of the files. */
export class TestCertificates implements Pick<CertificateStore, 'current' | 'onReload'> {
  current: TlsMaterial;
  readonly #listeners: Parameters<CertificateStore['onReload']>[0][] = [];

  constructor(issued: IssuedCertificate, ca: string) {
    this.current = { generation: 1, certificate: issued.chain, key: issued.key, ca };
  }

  onReload(listener: Parameters<CertificateStore['onReload']>[0]): void {
    this.#listeners.push(listener);
  }

  reload(change: Partial<TlsMaterial>, caRemoved = false): void {
    this.current = { ...this.current, ...change, generation: this.current.generation + 1 };
    for (const listener of this.#listeners) listener(this.current, { caRemoved });
  }
}

export type StreamHandler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** Answers any request with its path. */
export const echo: StreamHandler = (stream, headers) => {
  stream.resume();
  stream.on('end', () => {
    stream.respond({ ':status': 200, 'content-type': 'application/json' });
    stream.end(JSON.stringify({ path: headers[':path'] }));
  });
};

export interface TlsRemote extends AsyncDisposable {
  readonly port: number;
  /** Sessions that are open. */
  readonly sessions: ReadonlySet<ServerHttp2Session>;
  /** Sessions since the start, and how many of them resumed a TLS session. */
  readonly opened: { count: number; resumed: number };
  /** Requests that arrived. */
  readonly requests: IncomingHttpHeaders[];
  handler: StreamHandler;
}

export interface RemoteOptions extends Partial<SecureServerOptions> {
  readonly authority: Authority;
  readonly certificate?: IssuedCertificate;
  readonly handler?: StreamHandler;
  readonly port?: number;
  readonly host?: string;
}

/** A remote's ingress: HTTP/2 over mutual TLS on loopback. */
export async function openTlsRemote(options: RemoteOptions): Promise<TlsRemote> {
  const { authority, certificate, handler = echo, port = 0, host = '127.0.0.1', ...rest } = options;
  const issued = certificate ?? authority.issue({ names: [remoteHost] });
  const server = createSecureServer({
    cert: issued.chain,
    key: issued.key,
    ca: authority.certificate,
    requestCert: true,
    rejectUnauthorized: true,
    ...rest,
  });
  const sessions = new Set<ServerHttp2Session>();
  const sockets = new Set<Socket>();
  let closing = false;
  server.on('connection', (socket: Socket) => {
    if (closing) socket.destroy();
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const made: TlsRemote = {
    get port() {
      return (server.address() as AddressInfo).port;
    },
    sessions,
    opened: { count: 0, resumed: 0 },
    requests: [],
    handler,
    async [Symbol.asyncDispose]() {
      closing = true;
      for (const session of sessions) session.destroy();
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  server.on('session', (session) => {
    sessions.add(session);
    made.opened.count += 1;
    const socket = session.socket as { isSessionReused?: () => boolean } | undefined;
    if (socket?.isSessionReused?.() === true) made.opened.resumed += 1;
    session.on('close', () => sessions.delete(session));
    session.on('error', () => undefined);
  });
  server.on('sessionError', () => undefined);
  server.on('tlsClientError', () => undefined);
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    made.requests.push(headers);
    made.handler(stream, headers);
  });
  server.listen(port, host);
  await once(server, 'listening');
  return made;
}

export interface Rig extends AsyncDisposable {
  readonly authority: Authority;
  readonly discovery: TableDiscovery;
  readonly certificates: TestCertificates;
  readonly pool: SessionPool;
}

const authority = createAuthority();

/** A pool that trusts `rig.authority`; point `rig.discovery` at remotes. */
export function openRig(
  options: Partial<SessionOptions> = {},
  needs: { readonly now?: () => number } = {},
): Rig {
  const discovery = new TableDiscovery();
  const issued = authority.issue({ names: ['wire.a.example.com'] });
  const certificates = new TestCertificates(issued, authority.certificate);
  const pool = openSessionPool({ discovery, certificates, options, random: () => 0.5, ...needs });
  return {
    authority,
    discovery,
    certificates,
    pool,
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

/** One request over the pool: its status, or the refusal it ended in. */
export async function ask(pool: SessionPool, domain: BackendDomain = remote): Promise<number | Refusal> {
  try {
    const session = await pool.acquire(domain);
    if (session === 'lost') throw new Error('lost without a number');
    const stream = session.request({ ':method': 'POST', ':path': '/federation/brig/x' }, true);
    if (stream === undefined) throw new Error('the session ended before the request');
    stream.resume();
    const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status'?: number }];
    if (!stream.closed) await once(stream, 'close');
    return headers[':status'] ?? 0;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** The refusal that a request over the pool must end in. */
export async function refusalOf(pool: SessionPool, domain: BackendDomain = remote): Promise<Refusal> {
  const outcome = await ask(pool, domain);
  if (outcome instanceof Refusal) return outcome;
  throw new Error(`expected a refusal, the answer was ${outcome}`);
}
