import { createPublicKey, type KeyObject, sign, verify, type X509Certificate } from 'node:crypto';
import type { SignatureScheme } from './cipher-suites.ts';
import { opaque } from './writer.ts';

/** SignWithLabel and VerifyWithLabel of RFC 9420 section 5.1.2. */

const hashes: Readonly<Record<SignatureScheme, string | null>> = {
  ed25519: null,
  ecdsa_secp256r1_sha256: 'sha256',
  ecdsa_secp384r1_sha384: 'sha384',
  ecdsa_secp521r1_sha512: 'sha512',
};

/** DER of a SubjectPublicKeyInfo up to the raw key (RFC 8410, RFC 5480), by scheme. */
const prefixes: Readonly<Record<SignatureScheme, string>> = {
  ed25519: '302a300506032b6570032100',
  ecdsa_secp256r1_sha256: '3059301306072a8648ce3d020106082a8648ce3d030107034200',
  ecdsa_secp384r1_sha384: '3076301006072a8648ce3d020106052b81040022036200',
  ecdsa_secp521r1_sha512: '30819b301006072a8648ce3d020106052b8104002303818600',
};

/** The same for compressed points: RFC 9420 wants them uncompressed, and libraries write either. */
const compressedPrefixes: Readonly<Partial<Record<SignatureScheme, string>>> = {
  ecdsa_secp256r1_sha256: '3039301306072a8648ce3d020106082a8648ce3d030107032200',
  ecdsa_secp384r1_sha384: '3046301006072a8648ce3d020106052b81040022033200',
  ecdsa_secp521r1_sha512: '3058301006072a8648ce3d020106052b81040023034400',
};

/** Bytes of a raw public key, uncompressed. */
export const publicKeyBytes: Readonly<Record<SignatureScheme, number>> = {
  ed25519: 32,
  ecdsa_secp256r1_sha256: 65,
  ecdsa_secp384r1_sha384: 97,
  ecdsa_secp521r1_sha512: 133,
};

/** What is signed, and who has signed it how. */
export interface Signed {
  readonly label: string;
  readonly content: Uint8Array;
  readonly signature: Uint8Array;
  /** Raw, as leaf nodes carry it. */
  readonly key: Uint8Array;
  readonly scheme: SignatureScheme;
}

/** False also for a key that is none of its scheme. */
export function isSignedWithLabel({ label, content, signature, key, scheme }: Signed): boolean {
  const publicKey = publicKeyOf(scheme, key);
  if (publicKey === undefined) return false;
  return verify(hashes[scheme], withLabel(label, content), publicKey, signature);
}

export function signWithLabel(
  label: string,
  content: Uint8Array,
  key: KeyObject,
  scheme: SignatureScheme,
): Buffer {
  return sign(hashes[scheme], withLabel(label, content), key);
}

function withLabel(label: string, content: Uint8Array): Buffer {
  return Buffer.concat([opaque(Buffer.from(`MLS 1.0 ${label}`)), opaque(content)]);
}

function publicKeyOf(scheme: SignatureScheme, raw: Uint8Array): KeyObject | undefined {
  const prefix = prefixFor(scheme, raw.length);
  if (prefix === undefined) return undefined;
  try {
    const key = Buffer.concat([Buffer.from(prefix, 'hex'), raw]);
    return createPublicKey({ key, format: 'der', type: 'spki' });
  } catch {
    // A point that is not on its curve.
    return undefined;
  }
}

function prefixFor(scheme: SignatureScheme, length: number): string | undefined {
  const whole = publicKeyBytes[scheme];
  if (length === whole) return prefixes[scheme];
  return length === (whole + 1) / 2 ? compressedPrefixes[scheme] : undefined;
}

/** The raw public key of a key pair, as clients put it into groups. */
export function rawPublicKey(key: KeyObject, scheme: SignatureScheme): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  const der = publicKey.export({ format: 'der', type: 'spki' });
  return der.subarray(der.length - publicKeyBytes[scheme]);
}

/** Whether a certificate is for this raw public key. */
export function isKeyOfCertificate(
  certificate: X509Certificate,
  raw: Uint8Array,
  scheme: SignatureScheme,
): boolean {
  const key = publicKeyOf(scheme, raw);
  return key !== undefined && certificate.publicKey.equals(key);
}
