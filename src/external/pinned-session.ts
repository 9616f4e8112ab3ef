import { type KeyObject, X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';

/** Says why an address may not be connected to; undefined when it may. */
export type EgressCheck = (
  candidate: { readonly address: string; readonly family: 4 | 6 },
  port: number,
) => string | undefined;

/**
 * Connects to a service and returns the session once the service has shown the expected key. The address that is
 * checked is the one that is connected to, so an answer of the DNS that changes meanwhile changes nothing.
 * @throws Error that says what is wrong
 */
export async function openPinnedSession(
  url: URL,
  key: KeyObject,
  mayConnect: EgressCheck,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? 443 : Number(url.port);
  const address = await permittedAddress(host, port, mayConnect, signal);
  // The pinned key stands in for a chain to a root: `assertPinned` looks at both.
  const options = { host: address, port, rejectUnauthorized: false, minVersion: 'TLSv1.2' } as const;
  const socket = connect(isIP(host) === 0 ? { ...options, servername: host } : options);
  const abort = () => socket.destroy(signal.reason);
  signal.addEventListener('abort', abort);
  try {
    await secured(socket);
    assertPinned(socket, key);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function permittedAddress(
  host: string,
  port: number,
  mayConnect: EgressCheck,
  signal: AbortSignal,
): Promise<string> {
  const family = isIP(host);
  const candidates = family === 0 ? await lookUp(host, signal) : [{ address: host, family }];
  const problems: string[] = [];
  for (const { address, family: found } of candidates) {
    const problem = mayConnect({ address, family: found === 6 ? 6 : 4 }, port);
    if (problem === undefined) return address;
    problems.push(problem);
  }
  throw new Error(problems.join('; ') || `${host} has no address`);
}

/** The system's resolver knows no signal; what it says too late is not listened to. */
async function lookUp(host: string, signal: AbortSignal) {
  const late = Promise.withResolvers<never>();
  const abort = () => late.reject(signal.reason);
  signal.addEventListener('abort', abort);
  try {
    return await Promise.race([lookup(host, { all: true }), late.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function secured(socket: TLSSocket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once('secureConnect', resolve);
  socket.once('error', reject);
  socket.once('close', () => reject(new Error('the connection was closed during the handshake')));
  return promise;
}

/** The key must be the pinned one, in a certificate that is valid now and signed by itself or by a trusted root. */
function assertPinned(socket: TLSSocket, key: KeyObject): void {
  const shown = socket.getPeerX509Certificate();
  if (shown === undefined) throw new Error('the service shows no certificate');
  const certificate = new X509Certificate(shown.raw);
  if (!certificate.publicKey.equals(key))
    throw new Error('the service shows another key than the pinned one');
  const now = Date.now();
  if (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo))
    throw new Error(`the certificate is valid from ${certificate.validFrom} to ${certificate.validTo} only`);
  if (!socket.authorized && !certificate.verify(certificate.publicKey))
    throw new Error('the certificate is neither self-signed nor signed by a trusted authority');
}
