import type { KeyObject } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { abortable } from './abortable.ts';

/** Says why an address may not be connected to; undefined when it may. */
export type EgressCheck = (
  candidate: { readonly address: string; readonly family: 4 | 6 },
  port: number,
) => string | undefined;

export interface PinnedSessionOptions {
  readonly keys: readonly KeyObject[];
  readonly mayConnect: EgressCheck;
  readonly signal: AbortSignal;
}

/**
 * Connects to a service and returns the session once the service has shown one of the expected keys. The address that is
 * checked is the one that is connected to, so an answer of the DNS that changes meanwhile changes nothing. No session is
 * a continuation of another: each service has to show its key each time.
 * @throws Error that says what is wrong; the signal's reason
 */
export async function openPinnedSession(url: URL, options: PinnedSessionOptions): Promise<TLSSocket> {
  const { keys, mayConnect, signal } = options;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? 443 : Number(url.port);
  const candidates = await abortable(addressesOf(host), signal);
  const address = permittedAddress(url, candidates, (candidate) => mayConnect(candidate, port));
  const socket = connect({
    host: address,
    port,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    // The pinned key stands in for a chain to a root: `assertPinned` looks at both.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
  });
  try {
    await abortable(secured(socket), signal);
    assertPinned(socket, keys);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

type Candidate = Parameters<EgressCheck>[0];

async function addressesOf(host: string): Promise<readonly Candidate[]> {
  const family = isIP(host);
  const found = family === 0 ? await lookup(host, { all: true }) : [{ address: host, family }];
  return found.map((each) => ({ address: each.address, family: each.family === 6 ? 6 : 4 }));
}

function permittedAddress(
  { host }: URL,
  candidates: readonly Candidate[],
  refusalOf: (candidate: Candidate) => string | undefined,
): string {
  const problems: string[] = [];
  for (const candidate of candidates) {
    const problem = refusalOf(candidate);
    if (problem === undefined) return candidate.address;
    problems.push(problem);
  }
  throw new Error(`${host} may not be called: ${problems.join('; ') || 'it has no address'}`);
}

function secured(socket: TLSSocket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once('secureConnect', resolve);
  // Heard for as long as the session lasts: afterwards it is the request that tells of what goes wrong.
  socket.on('error', reject);
  socket.once('close', () => reject(new Error('the connection was closed during the handshake')));
  return promise;
}

/** The key must be a pinned one, in a certificate that is valid now and signed by itself or by a trusted root. */
function assertPinned(socket: TLSSocket, keys: readonly KeyObject[]): void {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) throw new Error('the service shows no certificate');
  if (!keys.some((key) => key.equals(certificate.publicKey)))
    throw new Error('the service shows another key than the pinned one');
  const now = Date.now();
  if (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo))
    throw new Error(`the certificate is valid from ${certificate.validFrom} to ${certificate.validTo} only`);
  if (!socket.authorized && !certificate.verify(certificate.publicKey))
    throw new Error('the certificate is neither self-signed nor signed by a trusted authority');
}
