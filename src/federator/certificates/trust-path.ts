import { type PeerCertificate, readCertificate } from './peer-certificate.ts';

/**
 * A path from a leaf to one of our roots, by way of what the peer sent: each certificate issued and signed by the next.
 * OpenSSL has judged the chain already; the path is walked again for the rules that OpenSSL does not know (sizes of
 * keys, depth), for server-only certificates, and for sessions that outlive a change of our roots.
 *
 * @param maxIntermediates authorities allowed between leaf and root
 * @returns leaf first, root last; undefined when there is no such path.
 */
export function findTrustPath(
  leaf: PeerCertificate,
  sent: readonly PeerCertificate[],
  roots: readonly PeerCertificate[],
  maxIntermediates: number,
): readonly PeerCertificate[] | undefined {
  if (roots.some(({ fingerprint }) => fingerprint === leaf.fingerprint)) return [leaf];
  const root = roots.find((candidate) => issued(candidate, leaf));
  if (root !== undefined) return [leaf, root];
  if (maxIntermediates === 0) return undefined;
  for (const candidate of sent) {
    if (candidate.fingerprint === leaf.fingerprint || !issued(candidate, leaf)) continue;
    const others = sent.filter((other) => other !== candidate);
    const above = findTrustPath(candidate, others, roots, maxIntermediates - 1);
    if (above !== undefined) return [leaf, ...above];
  }
  return undefined;
}

function issued(issuer: PeerCertificate, subject: PeerCertificate): boolean {
  // `checkIssued` compares names, key identifiers and key usage, and is cheap; the signature is not.
  return (
    issuer.x509.ca && subject.x509.checkIssued(issuer.x509) && subject.x509.verify(issuer.x509.publicKey)
  );
}

/**
 * Reads a bundle of PEM certificates.
 * @throws Refusal `certificate-parse-error` for one that cannot be read.
 */
export function readBundle(pem: string): readonly PeerCertificate[] {
  return splitPem(pem).map((text) => readCertificate(text));
}

/** The certificate objects of a PEM text, in order; text between them is allowed (RFC 7468 5.2). */
export function splitPem(pem: string): readonly string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
}
