import type { claimMultiPrekeyBundle } from '#contract/federation/brig.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { Claims } from '../prekeys/claims.ts';

interface Needs {
  readonly claims: Claims;
}

/** Hands prekeys of many users' clients to a remote, whoever asks (reference federation-api 5.2.6). */
export function serveClaimMultiPrekeyBundle({ claims }: Needs): RpcHandler<typeof claimMultiPrekeyBundle> {
  return (_context, wanted) => claims.claimMany(wanted);
}
