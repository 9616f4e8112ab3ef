import type { MlsPublicKeysByPurpose, MlsWebKeysByPurpose } from '#contract/mls-public-keys.ts';
import type { SignatureScheme } from '#mls';
import type { RemovalKeys } from './removal-keys.ts';

/** What a backend tells of its removal keys: raw, in base64. */
export function tellKeys(keys: RemovalKeys): MlsPublicKeysByPurpose {
  const key = (scheme: SignatureScheme) => keys.publicKey(scheme).toString('base64');
  return {
    removal: {
      ed25519: key('ed25519'),
      ecdsa_secp256r1_sha256: key('ecdsa_secp256r1_sha256'),
      ecdsa_secp384r1_sha384: key('ecdsa_secp384r1_sha384'),
      ecdsa_secp521r1_sha512: key('ecdsa_secp521r1_sha512'),
    },
  };
}

/** Keys in the format that a client asks for. */
export function keysIn(
  format: 'raw' | 'jwk' | undefined,
  keys: MlsPublicKeysByPurpose,
): MlsPublicKeysByPurpose | MlsWebKeysByPurpose {
  if (format !== 'jwk') return keys;
  const { removal } = keys;
  return {
    removal: {
      ed25519: {
        kty: 'OKP',
        crv: 'Ed25519',
        x: Buffer.from(removal.ed25519, 'base64').toString('base64url'),
      },
      ecdsa_secp256r1_sha256: pointKey('P-256', removal.ecdsa_secp256r1_sha256),
      ecdsa_secp384r1_sha384: pointKey('P-384', removal.ecdsa_secp384r1_sha384),
      ecdsa_secp521r1_sha512: pointKey('P-521', removal.ecdsa_secp521r1_sha512),
    },
  };
}

/** An uncompressed point is a byte and then both numbers in one length (SEC 1, section 2.3.3). */
function pointKey(crv: string, raw: string) {
  const numbers = Buffer.from(raw, 'base64').subarray(1);
  const half = numbers.length / 2;
  return {
    kty: 'EC',
    crv,
    x: numbers.subarray(0, half).toString('base64url'),
    y: numbers.subarray(half).toString('base64url'),
  };
}
