import { refuse } from '#contract/refusal.ts';
import { describeCertificate, type PeerCertificate } from './peer-certificate.ts';

/**
 * What this backend wants of a remote's client certificate beyond OpenSSL's verdict on its chain. Straight checks, each
 * with its own message; every refusal is `authentication-failure` with `error: AuthenticationFailure`.
 */

export interface PeerCertificateRules {
  /** Accept a certificate for servers only as client certificate, since public authorities issue no other. */
  readonly trustServerOnlyCertificates: boolean;
}

const serverAuth = '1.3.6.1.5.5.7.3.1';
const clientAuth = '1.3.6.1.5.5.7.3.2';
const anyPurpose = '2.5.29.37.0';

/** Between these a key is neither weak nor a way to keep us busy. */
const rsaBits = { least: 2048, most: 8192 } as const;
const curves: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

const weakSignatures: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.2': 'MD2',
  '1.2.840.113549.1.1.4': 'MD5',
  '1.2.840.113549.1.1.5': 'SHA-1',
  '1.3.14.3.2.29': 'SHA-1',
  '1.2.840.10045.4.1': 'SHA-1',
  '1.2.840.10040.4.3': 'SHA-1',
};

/** The leaf's own content. @throws Refusal `authentication-failure` (400). */
export function checkLeaf(leaf: PeerCertificate, rules: PeerCertificateRules, nowMs: number): void {
  if (leaf.version !== 3) {
    throw unverified(`has version ${leaf.version}, expected 3`, leaf);
  }
  checkDates(leaf, nowMs);
  if (leaf.maySign === false) {
    throw unverified('does not allow digital signatures (key usage)', leaf);
  }
  checkPurpose(leaf, rules);
  if (leaf.unknownCritical.length > 0) {
    throw unverified(`has the unknown critical extension ${leaf.unknownCritical[0]}`, leaf);
  }
  checkKey(leaf);
  checkSignature(leaf);
}

/** Authorities between leaf and root, and the root, which nobody's signature vouches for. */
export function checkAuthorities(path: readonly PeerCertificate[], nowMs: number): void {
  for (const [index, authority] of path.entries()) {
    if (index === 0) continue;
    checkDates(authority, nowMs);
    checkKey(authority);
    if (index < path.length - 1) checkSignature(authority);
    if (authority.pathLength !== undefined && index - 1 > authority.pathLength) {
      throw unverified(`allows ${authority.pathLength} authorities below it, found ${index - 1}`, authority);
    }
  }
}

/** Dates are looked at again on each request: a session may outlive the certificate that opened it. */
export function checkDates(certificate: PeerCertificate, nowMs: number): void {
  if (nowMs >= certificate.notBeforeMs && nowMs <= certificate.notAfterMs) return;
  const state = nowMs < certificate.notBeforeMs ? 'is not valid yet' : 'has expired';
  throw unverified(`${state}; it is ${new Date(nowMs).toISOString()} here`, certificate);
}

/** Absent usages allow everything, as OpenSSL has it. */
export function checkPurpose(leaf: PeerCertificate, rules: PeerCertificateRules): void {
  const { purposes } = leaf;
  if (purposes === undefined || purposes.includes(clientAuth) || purposes.includes(anyPurpose)) return;
  if (purposes.includes(serverAuth)) {
    if (rules.trustServerOnlyCertificates) return;
    const mend = 'this backend does not accept certificates for servers only (trustServerOnlyCertificates)';
    throw unverified(`allows server authentication only, expected client authentication; ${mend}`, leaf);
  }
  throw unverified(`allows the purposes ${purposes.join(', ')}, expected client authentication`, leaf);
}

function checkKey(certificate: PeerCertificate): void {
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.x509.publicKey;
  if (asymmetricKeyType === 'ed25519') return;
  if (asymmetricKeyType === 'rsa' || asymmetricKeyType === 'rsa-pss') {
    const bits = asymmetricKeyDetails?.modulusLength ?? 0;
    if (bits >= rsaBits.least && bits <= rsaBits.most) return;
    throw unverified(
      `has an RSA key of ${bits} bits, expected ${rsaBits.least} to ${rsaBits.most}`,
      certificate,
    );
  }
  const curve = asymmetricKeyDetails?.namedCurve ?? 'unnamed';
  if (asymmetricKeyType === 'ec' && curves.has(curve)) return;
  const found = asymmetricKeyType === 'ec' ? `the curve ${curve}` : `a key of type ${asymmetricKeyType}`;
  throw unverified(`uses ${found}, expected P-256, P-384, P-521, Ed25519 or RSA`, certificate);
}

function checkSignature(certificate: PeerCertificate): void {
  const weak = weakSignatures[certificate.signatureAlgorithm];
  if (weak === undefined) return;
  throw unverified(`is signed with ${weak}, expected SHA-256 or better`, certificate);
}

/** The refusal of a certificate: what is wrong with which. */
export function unverified(what: string, certificate: PeerCertificate, cause?: unknown) {
  return refuse('authentication-failure:unverified', {
    message: `The client certificate does not verify: it ${what}; ${describeCertificate(certificate)}`,
    cause,
  });
}
