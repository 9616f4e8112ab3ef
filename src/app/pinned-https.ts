import { createPublicKey } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { type IncomingMessage, request } from 'node:http';
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import type { EgressRules } from '#federator';

/** A program of others that this backend calls. Its key is known, so no authority has to vouch for its certificate. */
export interface PinnedTarget {
  /** `https://…`; the path of a call comes behind its own. */
  readonly baseUrl: string;
  /** In PEM. One of them has to be that of the certificate. */
  readonly publicKeys: readonly string[];
}

export interface PinnedCall {
  readonly method: 'GET' | 'POST';
  /** `/bots/…` */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body?: string;
}

export interface PinnedAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** Makes one call; redirects are not followed. @throws Error that says why there is no answer */
export type CallPinned = (
  target: PinnedTarget,
  call: PinnedCall,
  signal: AbortSignal,
) => Promise<PinnedAnswer>;

export interface PinnedHttpsOptions {
  readonly egress: EgressRules;
  /** For all of a call. */
  readonly timeoutMs: number;
}

const maxAnswerBytes = 1024 * 1024;

/**
 * Calls over TLS with a pinned key. The request leaves only after the key was seen, and the address that it goes to is
 * the very one that the egress rules were asked about.
 */
export function createPinnedHttps({ egress, timeoutMs }: PinnedHttpsOptions): CallPinned {
  return async (target, call, signal) => {
    const url = new URL(target.baseUrl);
    const within = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const address = await findAddress(url, egress, within);
    const socket = await openSocket(url, address, within);
    try {
      assertPinned(socket, target.publicKeys);
      return await exchange(socket, url, call, within);
    } finally {
      socket.destroy();
    }
  };
}

function portOf({ port }: URL): number {
  return port === '' ? 443 : Number(port);
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

async function findAddress(url: URL, egress: EgressRules, signal: AbortSignal): Promise<string> {
  const found = await abortable(lookup(hostOf(url), { all: true }), signal);
  let reason = 'no address was found';
  for (const { address, family } of found) {
    const refused = egress.check({ address, family: family === 6 ? 6 : 4 }, portOf(url));
    if (refused === undefined) return address;
    reason = refused.reason;
  }
  throw new Error(`${url.host} may not be called: ${reason}`);
}

async function openSocket(url: URL, address: string, signal: AbortSignal): Promise<TLSSocket> {
  const host = hostOf(url);
  const socket = connect({
    host: address,
    port: portOf(url),
    ...(isIP(host) === 0 ? { servername: host } : {}),
    // The key is what counts; it is looked at before anything is sent.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once('secureConnect', resolve).once('error', reject);
  try {
    await abortable(promise, signal);
    return socket;
  } catch (error) {
    socket.on('error', () => {}).destroy();
    throw error;
  }
}

function assertPinned(socket: TLSSocket, publicKeys: readonly string[]): void {
  const shown = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' });
  const isKnown = publicKeys.some((pem) => {
    const expected = createPublicKey(pem).export({ type: 'spki', format: 'der' });
    return shown !== undefined && expected.equals(shown);
  });
  if (!isKnown) throw new Error('the certificate has another key than the one that is known');
}

async function exchange(
  socket: TLSSocket,
  url: URL,
  { method, path, headers, body }: PinnedCall,
  signal: AbortSignal,
): Promise<PinnedAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent = request({
    createConnection: () => socket,
    method,
    path: `${url.pathname.replace(/\/$/, '')}${path}`,
    headers: {
      host: url.host,
      connection: 'close',
      ...(body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      ...headers,
    },
    signal,
  });
  sent.once('response', resolve).on('error', reject).end(body);
  const answer = await promise;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) throw new Error(`the answer is longer than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return { status: answer.statusCode ?? 0, body: Buffer.concat(chunks) };
}

async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
