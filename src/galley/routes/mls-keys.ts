import { getMlsPublicKeys } from '#contract/client/mls-keys.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { SignatureScheme } from '#mls';
import type { RemovalKeys } from '../mls/removal-keys.ts';

interface Needs {
  /** Undefined when MLS is off. */
  readonly removalKeys: RemovalKeys | undefined;
}

/** What clients need to know of the backend before they make a group. */
export function mlsKeyRoutes({ removalKeys }: Needs): readonly ServedRoute[] {
  return [
    handle(getMlsPublicKeys, () => {
      if (removalKeys === undefined) throw refuse('mls-not-enabled');
      const key = (scheme: SignatureScheme) => removalKeys.publicKey(scheme).toString('base64');
      return {
        status: 200,
        body: {
          removal: {
            ed25519: key('ed25519'),
            ecdsa_secp256r1_sha256: key('ecdsa_secp256r1_sha256'),
            ecdsa_secp384r1_sha384: key('ecdsa_secp384r1_sha384'),
            ecdsa_secp521r1_sha512: key('ecdsa_secp521r1_sha512'),
          },
        },
      };
    }),
  ];
}
