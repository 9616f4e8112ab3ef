import { Type } from 'typebox';
import { MlsPublicKeysByPurpose, MlsWebKeysByPurpose, PublicKeyFormat } from '../mls-public-keys.ts';
import { route } from '../route.ts';

/** First version of the client API that has MLS. */
export const mlsVersions = [5] as const;

export const getMlsPublicKeys = route('GET', '/mls/public-keys', {
  about: 'The keys with which this backend proposes to remove members of MLS groups.',
  auth: 'user',
  versions: mlsVersions,
  query: { format: PublicKeyFormat },
  answers: { 200: Type.Union([MlsPublicKeysByPurpose, MlsWebKeysByPurpose]) },
});
