import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

/** How a remote is connected to, and with what certificate. */
export interface ProbeTarget {
  readonly address: string;
  readonly port: number;
  /** Sent as SNI. */
  readonly host: string;
  readonly certificate: string;
  readonly key: string;
  readonly ca: string;
  readonly timeoutMs: number;
}

/** What a handshake showed. The certificate was looked at, not judged. */
export interface Handshake extends AsyncDisposable {
  readonly socket: TLSSocket;
  readonly protocol: string;
  readonly cipher: string;
  readonly alpn: string | undefined;
  readonly peer: X509Certificate | undefined;
  /** Why the chain does not verify against our roots; undefined when it does. */
  readonly untrusted: string | undefined;
}

/** Opens TCP. @throws Error with the system's code. */
export async function openTcp(target: ProbeTarget): Promise<Socket> {
  const socket = connectTcp({ host: target.address, port: target.port });
  await settled(socket, 'connect', target.timeoutMs);
  return socket;
}

/** Shakes hands over an open socket, whatever the certificate. @throws Error with the TLS library's words. */
export async function shakeHands(socket: Socket, target: ProbeTarget): Promise<Handshake> {
  const tls = connectTls({
    socket,
    servername: target.host,
    cert: target.certificate,
    key: target.key,
    ca: target.ca,
    ALPNProtocols: ['h2', 'http/1.1'],
    minVersion: 'TLSv1.2',
    // Judged by the caller, step by step, so that each fault gets its own words.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
  await settled(tls, 'secureConnect', target.timeoutMs);
  return {
    socket: tls,
    protocol: tls.getProtocol() ?? 'unknown',
    cipher: tls.getCipher().name,
    alpn: tls.alpnProtocol || undefined,
    peer: tls.getPeerX509Certificate(),
    untrusted: tls.authorized ? undefined : String(tls.authorizationError),
    async [Symbol.asyncDispose]() {
      tls.destroy();
    },
  };
}

async function settled(socket: Socket, event: string, timeoutMs: number): Promise<void> {
  const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    await once(socket, event);
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

export interface ProbeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON when it is JSON, else the text. */
  readonly body: unknown;
  readonly elapsedMs: number;
}

/** One federated request over a handshake that negotiated HTTP/2. */
export async function callOver(
  handshake: Handshake,
  call: {
    readonly path: string;
    readonly authority: string;
    readonly originDomain: string;
    readonly timeoutMs: number;
  },
): Promise<ProbeAnswer> {
  const started = performance.now();
  const session = connectHttp2(`https://${call.authority}`, { createConnection: () => handshake.socket });
  const failed = once(session, 'error').then(([error]) => Promise.reject(error));
  failed.catch(() => undefined);
  try {
    return await Promise.race([
      failed,
      exchange(session.request(requestHeaders(call)), call.timeoutMs, started),
    ]);
  } finally {
    session.destroy();
  }
}

function requestHeaders(call: {
  readonly path: string;
  readonly authority: string;
  readonly originDomain: string;
}) {
  return {
    ':method': 'POST',
    ':path': call.path,
    ':authority': call.authority,
    'content-type': 'application/json',
    accept: 'application/json',
    'wire-origin-domain': call.originDomain,
    'wire-origin-request-id': 'crosswire-doctor',
  };
}

type Http2Stream = ReturnType<ReturnType<typeof connectHttp2>['request']>;

async function exchange(stream: Http2Stream, timeoutMs: number, started: number): Promise<ProbeAnswer> {
  stream.setTimeout(timeoutMs, () => stream.destroy(new Error(`no answer within ${timeoutMs} ms`)));
  stream.end('[]');
  const [headers] = (await once(stream, 'response')) as [Readonly<Record<string, string | number>>];
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return {
    status: Number(headers[':status']),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    body: jsonOr(text),
    elapsedMs: performance.now() - started,
  };
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
