import type { X509Certificate } from 'node:crypto';
import type { LabelKey } from '#contract/labels.ts';
import { type Refusal, refuse } from '#contract/refusal.ts';
import type { SocketAddress, SrvTarget } from '../faces.ts';

/** Where an attempt to connect went. */
export interface Endpoint {
  readonly target: SrvTarget;
  readonly address: SocketAddress;
}

export function describeEndpoint({ target, address }: Endpoint): string {
  const host = address.family === 6 ? `[${address.address}]` : address.address;
  return `${target.host} at ${host}:${target.port}`;
}

/** What a certificate says, for the message of its refusal. */
export function describeCertificate(certificate: X509Certificate): string {
  const oneLine = (name: string) => name.replaceAll('\n', ', ');
  const names = certificate.subjectAltName ?? 'none';
  return (
    `subject "${oneLine(certificate.subject)}", names ${names.slice(0, 500)}, ` +
    `issuer "${oneLine(certificate.issuer)}", valid from ${certificate.validFrom} to ${certificate.validTo}`
  );
}

/** Refusal of a connect attempt, naming the end-point; its `data.domain` is the target host (reference 1.2.6). */
export function connectRefusal(key: LabelKey, endpoint: Endpoint, what: string, cause?: unknown): Refusal {
  return refuse(key, { message: `${describeEndpoint(endpoint)}: ${what}`, cause });
}

/** Codes of `node:tls` and OpenSSL; what is not one of them went wrong below TLS. */
const tlsCode =
  /^(ERR_SSL_|ERR_TLS_|CERT_|UNABLE_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_|EPROTO$|HOSTNAME_MISMATCH)/;

/**
 * The label of an error before a session was ready: 525 for whatever TLS says, 533 for HTTP/2, 521 for the rest
 * (refused, unreachable, timed out, closed; reference 1.2.6).
 */
export function connectErrorRefusal(endpoint: Endpoint, error: Error): Refusal {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (tlsCode.test(code)) {
    return connectRefusal('federation-tls-error', endpoint, `TLS failed: ${tlsText(error)}`, error);
  }
  if (code.startsWith('ERR_HTTP2_')) {
    return connectRefusal('federation-http2-error', endpoint, `HTTP/2 failed: ${error.message}`, error);
  }
  return connectRefusal('federation-connection-refused', endpoint, error.message, error);
}

/** OpenSSL puts file and function names into its message; its `reason` is what an operator can use. */
function tlsText(error: Error): string {
  const { reason, code } = error as NodeJS.ErrnoException & { readonly reason?: string };
  if (reason === undefined) return error.message;
  return code === undefined ? reason : `${reason} (${code})`;
}

const rank = (refusal: Refusal): number =>
  refusal.label === 'federation-tls-error' ? 2 : refusal.label === 'federation-http2-error' ? 1 : 0;

/** One refusal for several failed attempts: the one that got furthest gives the label, all are named. */
export function joinRefusals(refusals: readonly Refusal[]): Refusal {
  const [first] = refusals;
  if (first === undefined) {
    return refuse('federation-connection-refused', { message: 'The remote has no address to connect to' });
  }
  if (refusals.length === 1) return first;
  const furthest = refusals.reduce((best, next) => (rank(next) > rank(best) ? next : best), first);
  const message = [...new Set(refusals.map((refusal) => refusal.message))].join('; ');
  return refuse(furthest.key, { message, cause: furthest });
}
