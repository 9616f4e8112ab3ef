import { Type } from 'typebox';
import { route } from '../route.ts';

/** First version of the client API that has MLS. */
export const mlsVersions = [5] as const;

/** Raw public keys in base64 by signature scheme (reference client-api 8.3). */
export const MlsPublicKeysByPurpose = Type.Object({
  removal: Type.Object({
    ed25519: Type.String(),
    ecdsa_secp256r1_sha256: Type.String(),
    ecdsa_secp384r1_sha384: Type.String(),
    ecdsa_secp521r1_sha512: Type.String(),
  }),
});

export const getMlsPublicKeys = route('GET', '/mls/public-keys', {
  about: 'The keys with which this backend proposes to remove members of MLS groups.',
  auth: 'user',
  versions: mlsVersions,
  answers: { 200: MlsPublicKeysByPurpose },
});
