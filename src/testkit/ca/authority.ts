import { createPrivateKey, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import {
  bitString,
  children,
  context,
  element,
  integer,
  oid,
  pem,
  sequence,
  set,
  tags,
  time,
  utf8String,
} from './der.ts';
import {
  type AlternativeName,
  authorityKeyIdentifier,
  basicConstraints,
  type CertificateExtension,
  encodeExtension,
  extendedKeyUsage,
  type KeyUsage,
  keyIdentifier,
  keyUsage,
  type NameConstraints,
  nameConstraints,
  type Purpose,
  subjectAlternativeName,
  subjectKeyIdentifier,
} from './extensions.ts';
import { createKey, type KeyKind, type KeyPair } from './keys.ts';

const dayMs = 24 * 60 * 60 * 1000;

type Hash = 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** What leaves and authorities have in common. */
interface CertificateOptions {
  /** Default: the first name, or `Crosswire development CA`. */
  readonly commonName?: string;
  /** Default `P-256`. */
  readonly key?: KeyKind | KeyPair;
  /** Default: an hour ago. */
  readonly notBefore?: Date;
  /** Default: 90 days from now; ten years for a root. */
  readonly notAfter?: Date;
  /** Of the issuer's signature; not used with Ed25519. */
  readonly hash?: Hash;
  /** Written as it stands, after the usual extensions. */
  readonly extensions?: readonly CertificateExtension[];
  /** Version 1 has no extensions at all. */
  readonly version?: 1 | 3;
}

export interface LeafOptions extends CertificateOptions {
  /** dNSName entries of the subject alternative name. */
  readonly names?: readonly string[];
  /** Entries of other kinds, after the DNS names. */
  readonly otherNames?: readonly AlternativeName[];
  /** Default: server and client. `null`: no such extension. */
  readonly purposes?: readonly Purpose[] | null;
  /** Default: digital signature. `null`: no such extension. */
  readonly keyUsages?: readonly KeyUsage[] | null;
}

export interface AuthorityOptions extends CertificateOptions {
  readonly pathLength?: number;
  readonly nameConstraints?: NameConstraints;
  /** `false` makes an issuer that is no authority. */
  readonly authority?: boolean;
}

export interface IssuedCertificate {
  /** The certificate alone, PEM. */
  readonly certificate: string;
  /** The certificate and its intermediates, without the root: what a TLS peer is to send. PEM. */
  readonly chain: string;
  /** Unencrypted PKCS#8, PEM. */
  readonly key: string;
  readonly der: Uint8Array;
}

export interface CrlOptions {
  readonly revoked: readonly IssuedCertificate[];
  readonly thisUpdate?: Date;
  /** Default: a day from now. */
  readonly nextUpdate?: Date;
}

/** A certificate authority for development and tests: it signs whatever it is asked to sign. */
export interface Authority extends IssuedCertificate {
  issue(options: LeafOptions): IssuedCertificate;
  /** An authority below this one; its certificate is part of the chain of what it issues. */
  createIntermediate(options?: AuthorityOptions): Authority;
  /** A certificate revocation list, PEM. */
  createCrl(options: CrlOptions): string;
}

/** Makes a root: self-signed, ECDSA P-256 unless told otherwise. */
export function createAuthority(options: AuthorityOptions = {}): Authority {
  const keys = resolveKey(options.key);
  const subject = encodeName(options.commonName ?? 'Crosswire development CA');
  const self: Issuer = {
    subject,
    privateKey: keys.privateKey,
    keyId: keyIdentifier(keys.publicKey),
    above: '',
  };
  const tenYears = new Date(Date.now() + 3650 * dayMs);
  const der = encodeCertificate(
    self,
    subject,
    keys,
    { notAfter: tenYears, ...options },
    authorityExtensions(options),
  );
  return authorityOf({ ...self, above: '' }, der, pem('CERTIFICATE', der));
}

/** Takes up an authority again from its PEM certificate and PKCS#8 key. */
export function loadAuthority(files: { readonly certificate: string; readonly key: string }): Authority {
  const certificate = new X509Certificate(files.certificate);
  const { subject } = readCertificate(certificate.raw);
  const selfSigned = certificate.checkIssued(certificate);
  const issuer: Issuer = {
    subject,
    privateKey: createPrivateKey(files.key),
    keyId: keyIdentifier(certificate.publicKey),
    above: selfSigned ? '' : files.certificate,
  };
  return authorityOf(issuer, certificate.raw, files.certificate);
}

interface Issuer {
  readonly subject: Uint8Array;
  readonly privateKey: KeyObject;
  readonly keyId: Uint8Array;
  /** PEM certificates between what this one issues and the root. */
  readonly above: string;
}

function authorityOf(issuer: Issuer, der: Uint8Array, certificate: string): Authority {
  return {
    certificate,
    chain: issuer.above === '' ? certificate : issuer.above,
    key: exportKey(issuer.privateKey),
    der,
    issue: (options) => issueLeaf(issuer, options),
    createIntermediate(options = {}) {
      const keys = resolveKey(options.key);
      const subject = encodeName(
        options.commonName ?? `Crosswire intermediate ${randomBytes(4).toString('hex')}`,
      );
      const below = encodeCertificate(issuer, subject, keys, options, authorityExtensions(options));
      const text = pem('CERTIFICATE', below);
      const keyId = keyIdentifier(keys.publicKey);
      const next = { subject, privateKey: keys.privateKey, keyId, above: text + issuer.above };
      return authorityOf(next, below, text);
    },
    createCrl: (options) => encodeCrl(issuer, options),
  };
}

function issueLeaf(issuer: Issuer, options: LeafOptions): IssuedCertificate {
  const keys = resolveKey(options.key);
  const names = [...(options.names ?? []).map((dns) => ({ dns })), ...(options.otherNames ?? [])];
  const usages = options.keyUsages === undefined ? (['digitalSignature'] as const) : options.keyUsages;
  const wanted = options.purposes === undefined ? (['serverAuth', 'clientAuth'] as const) : options.purposes;
  const extensions = [
    basicConstraints(false),
    ...(usages === null ? [] : [keyUsage(usages)]),
    ...(wanted === null ? [] : [extendedKeyUsage(wanted)]),
    ...(names.length === 0 ? [] : [subjectAlternativeName(names)]),
  ];
  // A common name holds 64 characters at the most.
  const subject = encodeName((options.commonName ?? options.names?.[0] ?? 'nobody').slice(0, 64));
  const der = encodeCertificate(issuer, subject, keys, options, extensions);
  const certificate = pem('CERTIFICATE', der);
  return { certificate, chain: certificate + issuer.above, key: exportKey(keys.privateKey), der };
}

function authorityExtensions(options: AuthorityOptions): readonly CertificateExtension[] {
  return [
    basicConstraints(options.authority ?? true, options.pathLength),
    keyUsage(['digitalSignature', 'keyCertSign', 'cRLSign']),
    ...(options.nameConstraints === undefined ? [] : [nameConstraints(options.nameConstraints)]),
  ];
}

function resolveKey(key: KeyKind | KeyPair | undefined): KeyPair {
  return typeof key === 'object' ? key : createKey(key ?? 'P-256');
}

function exportKey(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}

function encodeName(commonName: string): Buffer {
  return sequence(set(sequence(oid('2.5.4.3'), utf8String(commonName))));
}

function encodeCertificate(
  issuer: Issuer,
  subject: Uint8Array,
  keys: KeyPair,
  options: CertificateOptions,
  usual: readonly CertificateExtension[],
): Buffer {
  const signature = algorithmOf(issuer.privateKey, options.hash ?? 'sha256');
  const identifiers = [
    subjectKeyIdentifier(keyIdentifier(keys.publicKey)),
    authorityKeyIdentifier(issuer.keyId),
  ];
  const extensions = [...usual, ...identifiers, ...(options.extensions ?? [])].map(encodeExtension);
  const version = options.version ?? 3;
  const toBeSigned = sequence(
    ...(version === 3 ? [context(0, 'constructed', integer(2))] : []),
    integer(serialNumber()),
    signature.identifier,
    issuer.subject,
    sequence(
      time(options.notBefore ?? new Date(Date.now() - dayMs / 24)),
      time(options.notAfter ?? new Date(Date.now() + 90 * dayMs)),
    ),
    subject,
    keys.publicKey.export({ format: 'der', type: 'spki' }),
    ...(version === 3 ? [context(3, 'constructed', sequence(...extensions))] : []),
  );
  return signed(toBeSigned, signature, issuer.privateKey);
}

function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

function encodeCrl(issuer: Issuer, options: CrlOptions): string {
  const signature = algorithmOf(issuer.privateKey, 'sha256');
  const thisUpdate = options.thisUpdate ?? new Date(Date.now() - dayMs / 24);
  const revoked = options.revoked.map(({ der }) => sequence(readCertificate(der).serial, time(thisUpdate)));
  const number = encodeExtension({ oid: '2.5.29.20', value: integer(1) });
  const toBeSigned = sequence(
    integer(1),
    signature.identifier,
    issuer.subject,
    time(thisUpdate),
    time(options.nextUpdate ?? new Date(Date.now() + dayMs)),
    ...(revoked.length === 0 ? [] : [sequence(...revoked)]),
    context(0, 'constructed', sequence(encodeExtension(authorityKeyIdentifier(issuer.keyId)), number)),
  );
  return pem('X509 CRL', signed(toBeSigned, signature, issuer.privateKey));
}

interface SignatureAlgorithm {
  readonly hash: Hash | null;
  readonly identifier: Uint8Array;
}

const ecdsa: Readonly<Partial<Record<Hash, string>>> = {
  sha1: '1.2.840.10045.4.1',
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
};
const rsa: Readonly<Record<Hash, string>> = {
  md5: '1.2.840.113549.1.1.4',
  sha1: '1.2.840.113549.1.1.5',
  sha256: '1.2.840.113549.1.1.11',
  sha384: '1.2.840.113549.1.1.12',
  sha512: '1.2.840.113549.1.1.13',
};

function algorithmOf(key: KeyObject, hash: Hash): SignatureAlgorithm {
  if (key.asymmetricKeyType === 'ed25519') return { hash: null, identifier: sequence(oid('1.3.101.112')) };
  if (key.asymmetricKeyType === 'rsa') return { hash, identifier: sequence(oid(rsa[hash]), element(0x05)) };
  const algorithm = ecdsa[hash];
  if (algorithm === undefined) throw new TypeError(`no ECDSA signature with ${hash}`);
  return { hash, identifier: sequence(oid(algorithm)) };
}

function signed(toBeSigned: Uint8Array, algorithm: SignatureAlgorithm, key: KeyObject): Buffer {
  return sequence(toBeSigned, algorithm.identifier, bitString(sign(algorithm.hash, toBeSigned, key)));
}

/** Serial number and subject of a certificate, as DER elements. */
function readCertificate(der: Uint8Array): { readonly serial: Uint8Array; readonly subject: Uint8Array } {
  const fields = children(children(der)[0] ?? new Uint8Array());
  const offset = fields[0]?.[0] === 0xa0 ? 1 : 0;
  const serial = fields[offset];
  const subject = fields[offset + 4];
  if (serial?.[0] !== tags.integer || subject === undefined) throw new TypeError('not a certificate');
  return { serial, subject };
}
