import type { claimPrekey } from '#contract/federation/brig.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { Claims } from '../prekeys/claims.ts';

interface Needs {
  readonly claims: Claims;
}

/** Hands a prekey of one client to a remote, whoever asks (reference federation-api 5.2.4). */
export function serveClaimPrekey({ claims }: Needs): RpcHandler<typeof claimPrekey> {
  return async (_context, [userId, clientId]) => (await claims.claim({ userId, clientId })) ?? null;
}
