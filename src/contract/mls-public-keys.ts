import { type TSchema, Type } from 'typebox';

/** The longest is an uncompressed point of P-521: 133 bytes. */
const RawKey = Type.String({ pattern: '^[A-Za-z0-9+/]+={0,2}$', maxLength: 256 });

/** A value for each signature scheme. */
function byScheme<T extends TSchema>(key: T) {
  return Type.Object({
    ed25519: key,
    ecdsa_secp256r1_sha256: key,
    ecdsa_secp384r1_sha384: key,
    ecdsa_secp521r1_sha512: key,
  });
}

/** The keys with which a backend proposes to remove members of groups, raw and in base64 (reference client-api 8.3). */
export const MlsPublicKeysByPurpose = Type.Object({ removal: byScheme(RawKey) });
export type MlsPublicKeysByPurpose = Type.Static<typeof MlsPublicKeysByPurpose>;

/** RFC 7518 section 6.2, RFC 8037 section 2; numbers in base64url. */
const JsonWebKey = Type.Object({
  kty: Type.String(),
  crv: Type.String(),
  x: Type.String(),
  y: Type.Optional(Type.String()),
});

/** The same keys as JSON Web Keys. */
export const MlsWebKeysByPurpose = Type.Object({ removal: byScheme(JsonWebKey) });
export type MlsWebKeysByPurpose = Type.Static<typeof MlsWebKeysByPurpose>;

/** How a client wants keys; raw when it does not say. */
export const PublicKeyFormat = Type.Optional(Type.Union([Type.Literal('raw'), Type.Literal('jwk')]));
