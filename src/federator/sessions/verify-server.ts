import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { connectRefusal, describeCertificate, type Endpoint } from './failure.ts';

/**
 * Whether the far end of a finished handshake is the target we meant to reach. Reads top to bottom; each check has its
 * own refusal. Runs on every connection, resumed ones included: OpenSSL checks neither dates nor names again when a
 * TLS session is resumed. `certificate` is what the far end showed, in a resumed session when it was begun.
 *
 * @throws Refusal `federation-tls-error` (525), or `federation-http2-error` (533) when the certificate is right but
 * the remote did not choose HTTP/2.
 */
export function verifyServer(
  socket: TLSSocket,
  certificate: X509Certificate | undefined,
  endpoint: Endpoint,
  nowMs: number,
): asserts certificate is X509Certificate {
  if (certificate === undefined) {
    throw connectRefusal('federation-tls-error', endpoint, 'the remote showed no certificate');
  }
  const found = () => describeCertificate(certificate);
  // Chain, signature, purpose and dates, as OpenSSL judged them against our roots in the full handshake.
  if (!socket.authorized) {
    const why = explain(String(socket.authorizationError));
    throw connectRefusal(
      'federation-tls-error',
      endpoint,
      `the certificate is not trusted: ${why}; ${found()}`,
    );
  }
  if (Date.parse(certificate.validTo) < nowMs || Date.parse(certificate.validFrom) > nowMs) {
    const now = new Date(nowMs).toUTCString();
    throw connectRefusal(
      'federation-tls-error',
      endpoint,
      `the certificate is not valid now, ${now}; ${found()}`,
    );
  }
  // The infrastructure domain that discovery found must be a dNSName; a common name does not count.
  const expected = endpoint.target.host;
  if (certificate.checkHost(expected, { subject: 'never', partialWildcards: false }) === undefined) {
    const what = `the certificate does not name the SRV target: expected DNS:${expected}; ${found()}`;
    throw connectRefusal('federation-tls-error', endpoint, what);
  }
  if (socket.alpnProtocol !== 'h2') {
    const chosen = socket.alpnProtocol === false ? 'none' : String(socket.alpnProtocol);
    const what = `the remote does not speak HTTP/2: offered ALPN h2, it chose ${chosen}`;
    throw connectRefusal('federation-http2-error', endpoint, what);
  }
}

const explanations: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its chain ends in a root that is not among ours',
  UNABLE_TO_GET_ISSUER_CERT: 'its issuer is not among our roots',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its issuer is not among our roots',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its issuer is not among our roots',
  INVALID_PURPOSE: 'it does not allow server authentication (extended key usage)',
};

function explain(code: string): string {
  const words = explanations[code];
  return words === undefined ? code : `${words} (${code})`;
}
