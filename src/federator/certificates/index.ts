/**
 * Certificates: what a remote's certificate says, what is accepted of it, and the own ones on disk.
 *
 * Start reading at `check-peer.ts` (the rules) and `peer-certificate.ts` (the reading). `dns-names.ts` matches names,
 * `trust-path.ts` walks to a root, `store.ts` holds the own certificate, key and roots and follows their files.
 */
export {
  checkAuthorities,
  checkDates,
  checkLeaf,
  checkPurpose,
  type PeerCertificateRules,
  unverified,
} from './check-peer.ts';
export { CertificateFileError } from './material.ts';
export { describeCertificate, type PeerCertificate, readCertificate } from './peer-certificate.ts';
export { openCertificateStore } from './store.ts';
export { findTrustPath, readBundle, splitPem } from './trust-path.ts';
