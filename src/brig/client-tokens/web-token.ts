import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { SignatureScheme } from '#mls';

/** JSON Web Tokens in compact form (RFC 7515, 7519), with the algorithms that MLS clients sign with. */

/** A token whose signature was not looked at. */
export interface WebToken {
  readonly header: Members;
  readonly claims: Members;
  /** What the signature is over. */
  readonly signed: string;
  readonly signature: Buffer;
}

export type Members = Readonly<Record<string, unknown>>;

export interface Algorithm {
  /** Its name in a token's header. */
  readonly name: string;
  readonly scheme: SignatureScheme;
  /** Undefined where the signature hashes by itself. */
  readonly hash: string | undefined;
  /** The `crv` of its keys. */
  readonly curve: string;
}

const algorithms: readonly Algorithm[] = [
  { name: 'EdDSA', scheme: 'ed25519', hash: undefined, curve: 'Ed25519' },
  { name: 'ES256', scheme: 'ecdsa_secp256r1_sha256', hash: 'sha256', curve: 'P-256' },
  { name: 'ES384', scheme: 'ecdsa_secp384r1_sha384', hash: 'sha384', curve: 'P-384' },
  { name: 'ES512', scheme: 'ecdsa_secp521r1_sha512', hash: 'sha512', curve: 'P-521' },
];

export function findAlgorithm(name: unknown): Algorithm | undefined {
  return algorithms.find((algorithm) => algorithm.name === name);
}

const part = /^[A-Za-z0-9_-]+$/;

/** Undefined when the text is no token. */
export function parseWebToken(text: string): WebToken | undefined {
  const [header, claims, signature, ...rest] = text.split('.');
  if (header === undefined || claims === undefined || signature === undefined || rest.length > 0) {
    return undefined;
  }
  if (![header, claims, signature].every((text) => part.test(text))) return undefined;
  const [readHeader, readClaims] = [readMembers(header), readMembers(claims)];
  if (readHeader === undefined || readClaims === undefined) return undefined;
  return {
    header: readHeader,
    claims: readClaims,
    signed: `${header}.${claims}`,
    signature: Buffer.from(signature, 'base64url'),
  };
}

function readMembers(text: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Members)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The public key of a header's `jwk`; undefined when it is none of the algorithm. Private members are not looked at. */
export function readPublicKey(jwk: unknown, { curve }: Algorithm): KeyObject | undefined {
  if (typeof jwk !== 'object' || jwk === null) return undefined;
  const { kty, crv, x, y } = jwk as Members;
  if (crv !== curve || typeof kty !== 'string' || typeof x !== 'string') return undefined;
  try {
    const key = { kty, crv: curve, x, ...(typeof y === 'string' ? { y } : {}) };
    return createPublicKey({ key, format: 'jwk' });
  } catch {
    return undefined;
  }
}

export function isSignedBy({ signed, signature }: WebToken, key: KeyObject, { hash }: Algorithm): boolean {
  return verify(hash, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }, signature);
}

/** What tells a public key from others: SHA-256 over its members, in this order (RFC 7638). */
export function thumbprintOf(key: KeyObject): string {
  const { crv, kty, x, y } = key.export({ format: 'jwk' });
  const members = JSON.stringify({ crv, kty, x, ...(y === undefined ? {} : { y }) });
  return createHash('sha256').update(members).digest('base64url');
}

/** Writes and signs a token, with the public key that verifies it in its header. */
export function signWebToken(
  type: string,
  claims: Members,
  privateKey: KeyObject,
  { name: alg, hash }: Algorithm,
): string {
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' });
  const signed = `${writeMembers({ alg, typ: type, jwk })}.${writeMembers(claims)}`;
  const signature = sign(hash, Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

function writeMembers(members: Members): string {
  return Buffer.from(JSON.stringify(members)).toString('base64url');
}
