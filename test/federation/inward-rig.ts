import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { type ClientHttp2Session, connect as connectHttp2, type OutgoingHttpHeaders } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { parseInfrastructureDomain } from '#contract/ids.ts';
import { type ErrorBody, refuse } from '#contract/refusal.ts';
import type { ComponentRequest, ComponentResponse, ComponentTransport } from '#contract/rpc-transport.ts';
import { setLogLevel } from '#telemetry';
import { type Authority, createAuthority, type IssuedCertificate } from '#testkit';
import { openCertificateStore } from '../../src/federator/certificates/index.ts';
import type { Discovery, Policy, SrvTarget } from '../../src/federator/faces.ts';
import { type Ingress, openIngress } from '../../src/federator/ingress/index.ts';
import { createInward, type Inward, type InwardLimits } from '../../src/federator/inward/index.ts';
import type { HttpLimits } from '../../src/federator/listener/index.ts';

/**
 * The inward side of backend B without the rest of it: a real ingress on real certificate files, a discovery and a
 * policy that say what a test tells them, and components that count who reached them.
 */

setLogLevel('silent');

export const ownHost = 'wire.b.example.com';
export const remoteDomain = 'a.example.com';
export const remoteHost = 'wire.a.example.com';

/** Records what was let through, and answers with it. */
export class CountingComponents implements ComponentTransport {
  readonly seen: ComponentRequest[] = [];
  answer: (request: ComponentRequest) => Promise<ComponentResponse> | ComponentResponse = (request) => ({
    status: 200,
    contentType: 'application/json',
    body: Buffer.from(JSON.stringify({ rpc: request.rpc, origin: request.originDomain })),
  });

  async send(request: ComponentRequest): Promise<ComponentResponse> {
    this.seen.push(request);
    return this.answer(request);
  }
}

/** SRV targets by backend domain; `wire.<domain>` for those that a test did not name. */
export class TableDiscovery implements Pick<Discovery, 'find'> {
  readonly hosts = new Map<string, readonly string[]>();
  finds = 0;

  async find(domain: string): Promise<readonly SrvTarget[]> {
    this.finds += 1;
    const hosts = this.hosts.get(domain) ?? [`wire.${domain}`];
    if (hosts.length === 0) throw refuse('invalid-domain', { message: `srv record not found: ${domain}` });
    return hosts.map(target);
  }
}

export function target(host: string): SrvTarget {
  const parsed = parseInfrastructureDomain(host);
  if (parsed === undefined) throw new Error(`${host} is no host`);
  return { host: parsed, port: 443, priority: 10, weight: 5 };
}

export class TablePolicy implements Pick<Policy, 'admit'> {
  readonly denied = new Set<string>();

  admit(domain: string): void {
    if (!this.denied.has(domain)) return;
    throw refuse('federation-denied', {
      message: `origin domain [${domain}] not in the federation allow list`,
    });
  }
}

export interface DoorOptions {
  /** Roots that B trusts, PEM. Default: the rig's own authority. */
  readonly ca?: string;
  readonly crl?: string;
  readonly trustServerOnlyCertificates?: boolean;
  readonly trustedIngress?: readonly string[];
  readonly limits?: Partial<InwardLimits>;
  readonly httpLimits?: Partial<HttpLimits>;
  readonly discovery?: Pick<Discovery, 'find'>;
  readonly nowMs?: () => number;
}

export const authority: Authority = createAuthority({ commonName: 'Root of the federation' });

/** B's door, open. */
export interface Door extends AsyncDisposable {
  readonly ingress: Ingress;
  readonly inward: Inward;
  readonly components: CountingComponents;
  readonly policy: TablePolicy;
  readonly discovery: TableDiscovery;
  readonly contacts: string[];
  readonly directory: string;
  /** Replaces certificate files by renames, as a careful tool does. */
  replace(files: Partial<Record<'cert' | 'key' | 'ca' | 'crl', string>>): Promise<void>;
}

export async function openDoor(options: DoorOptions = {}): Promise<Door> {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'crosswire-inward-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const own = authority.issue({ names: [ownHost] });
  const replace: Door['replace'] = async (files) => {
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(directory, `${name}.new`), text);
      await rename(join(directory, `${name}.new`), join(directory, `${name}.pem`));
    }
  };
  const ca = options.ca ?? authority.certificate;
  await replace({
    cert: own.chain,
    key: own.key,
    ca,
    ...(options.crl === undefined ? {} : { crl: options.crl }),
  });
  const certificates = stack.use(
    await openCertificateStore({
      certificate: join(directory, 'cert.pem'),
      key: join(directory, 'key.pem'),
      ca: join(directory, 'ca.pem'),
      ...(options.crl === undefined ? {} : { crl: join(directory, 'crl.pem') }),
      infrastructureDomain: ownHost,
      pollMs: 100,
    }),
  );
  const components = new CountingComponents();
  const policy = new TablePolicy();
  const discovery = new TableDiscovery();
  const contacts: string[] = [];
  const certificateRules = { trustServerOnlyCertificates: options.trustServerOnlyCertificates ?? false };
  const inward = createInward({
    policy,
    discovery: options.discovery ?? discovery,
    components,
    certificateRules,
    trustedIngress: options.trustedIngress ?? ['127.0.0.1'],
    limits: options.limits,
    nowMs: options.nowMs,
    onContact: (domain) => contacts.push(domain),
  });
  const ingress = stack.use(
    await openIngress({
      host: '127.0.0.1',
      port: 0,
      certificates,
      certificateRules,
      inward,
      limits: { closeGraceMs: 100, ...options.httpLimits },
      nowMs: options.nowMs,
    }),
  );
  const opened = stack.move();
  return {
    ingress,
    inward,
    components,
    policy,
    discovery,
    contacts,
    directory,
    replace,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** What a hostile or honest remote shows. */
export type Shown = Pick<IssuedCertificate, 'chain' | 'key'> | undefined;

export interface ConnectOptions {
  readonly session?: Buffer;
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly alpn?: readonly string[];
}

/** A TLS connection to the door, with a library that minds no weak key on its own side. Rejects on an alert. */
export async function connectDoor(
  port: number,
  shown: Shown,
  options: ConnectOptions = {},
): Promise<TLSSocket> {
  const socket = connectTls({
    host: '127.0.0.1',
    port,
    servername: ownHost,
    ca: authority.certificate,
    cert: shown?.chain,
    key: shown?.key,
    ciphers: 'DEFAULT@SECLEVEL=0',
    ALPNProtocols: [...(options.alpn ?? ['h2'])],
    session: options.session,
    maxVersion: options.maxVersion ?? 'TLSv1.3',
  });
  await once(socket, 'secureConnect');
  socket.on('error', () => {});
  return socket;
}

export interface Answer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly text: string;
  readonly body: Partial<ErrorBody>;
}

/** An HTTP/2 session on a socket that is connected. */
export function speakHttp2(socket: TLSSocket): ClientHttp2Session {
  const session = connectHttp2(`https://${ownHost}`, {
    createConnection: () => socket,
    // Hostile header blocks are to leave this side.
    maxSendHeaderBlockLength: 1024 * 1024,
  });
  session.on('error', () => {});
  return session;
}

export const goodHeaders: OutgoingHttpHeaders = {
  ':method': 'POST',
  ':path': '/federation/brig/api-version',
  'wire-origin-domain': remoteDomain,
};

/** One request on a session. Rejects when the stream or session ends without an answer. */
export async function ask(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders = {},
  body: Buffer | string = '{}',
): Promise<Answer> {
  const merged = { ...goodHeaders, ...headers };
  for (const [name, value] of Object.entries(merged)) if (value === undefined) delete merged[name];
  const stream = session.request(merged, { endStream: false });
  return new Promise<Answer>((resolve, reject) => {
    let head: { status: number; contentType: string | undefined } | undefined;
    const chunks: Buffer[] = [];
    stream.on('response', (fields) => {
      head = { status: Number(fields[':status']), contentType: fields['content-type'] };
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', (error) => {
      if (head === undefined) reject(error);
    });
    stream.on('close', () => {
      if (head === undefined)
        return reject(new Error(`no answer; the stream was reset with ${stream.rstCode}`));
      resolve({ ...head, ...parseText(Buffer.concat(chunks).toString('utf8')) });
    });
    stream.end(body);
  });
}

export function parseText(text: string): { readonly text: string; readonly body: Partial<ErrorBody> } {
  try {
    return { text, body: JSON.parse(text) };
  } catch {
    return { text, body: {} };
  }
}

/** Connects, asks once, hangs up. */
export async function askOnce(
  door: Door,
  shown: Shown,
  headers: OutgoingHttpHeaders = {},
  body: Buffer | string = '{}',
): Promise<Answer> {
  const socket = await connectDoor(door.ingress.port, shown);
  const session = speakHttp2(socket);
  try {
    return await ask(session, headers, body);
  } finally {
    session.destroy();
  }
}
