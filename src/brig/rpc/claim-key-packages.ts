import type { claimKeyPackages } from '#contract/federation/brig.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import { getCipherSuite } from '../key-packages/cipher-suites.ts';
import type { OwnKeyPackages } from '../key-packages/own-key-packages.ts';

interface Needs {
  readonly keyPackages: Pick<OwnKeyPackages, 'claim'>;
  readonly mlsEnabled: boolean;
}

/** Hands key packages of a user to a remote, whoever asks (reference federation-api 5.2.11). */
export function serveClaimKeyPackages({
  keyPackages,
  mlsEnabled,
}: Needs): RpcHandler<typeof claimKeyPackages> {
  return async (_context, { target, cipher_suite: suite }) => {
    getCipherSuite(suite);
    return mlsEnabled ? await keyPackages.claim(target, suite, undefined) : null;
  };
}
