import type { claimPrekeyBundle } from '#contract/federation/brig.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { Claims } from '../prekeys/claims.ts';

interface Needs {
  readonly claims: Claims;
}

/** Hands a prekey of each client of a user to a remote, whoever asks (reference federation-api 5.2.5). */
export function serveClaimPrekeyBundle({ claims }: Needs): RpcHandler<typeof claimPrekeyBundle> {
  return (_context, userId) => claims.claimAll(userId);
}
