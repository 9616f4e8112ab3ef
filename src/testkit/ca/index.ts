/** A certificate authority for development, demo and tests. */
export {
  type Authority,
  type AuthorityOptions,
  type CrlOptions,
  createAuthority,
  type IssuedCertificate,
  type LeafOptions,
  loadAuthority,
} from './authority.ts';
export { pem } from './der.ts';
export type {
  AlternativeName,
  CertificateExtension,
  KeyUsage,
  NameConstraints,
  Purpose,
} from './extensions.ts';
export { subjectAlternativeName } from './extensions.ts';
export { createKey, type KeyKind, type KeyPair } from './keys.ts';
