import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

const smallestKeyBits = 2048;

/** Reads the public key of a service: RSA in PEM, large enough. Undefined for anything else. */
export function readServiceKey(pem: string): KeyObject | undefined {
  if (!/^\s*-----BEGIN PUBLIC KEY-----\r?\n[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----\s*$/.test(pem)) {
    return undefined;
  }
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType !== 'rsa') return undefined;
    return (key.asymmetricKeyDetails?.modulusLength ?? 0) < smallestKeyBits ? undefined : key;
  } catch {
    // Not the DER of a key.
    return undefined;
  }
}

/**
 * By what admins know the key again: base64 of SHA-256 over the modulus's length in bytes, as decimal digits, modulus
 * and exponent in OpenSSL's MPI form. wire-server shows the same.
 */
export function fingerprintOf(key: KeyObject): string {
  const { n = '', e = '' } = key.export({ format: 'jwk' });
  const modulus = Buffer.from(n, 'base64url');
  const exponent = Buffer.from(e, 'base64url');
  return createHash('sha256')
    .update(String(modulus.length))
    .update(mpi(modulus))
    .update(mpi(exponent))
    .digest('base64');
}

/** Length in four bytes, then the number; a leading zero where the first bit would read as a sign. */
function mpi(number: Buffer): Buffer {
  const signed = (number[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), number]) : number;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(signed.length);
  return Buffer.concat([length, signed]);
}
