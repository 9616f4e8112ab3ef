import type { getNotFullyConnectedBackends } from '#contract/federation/brig.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { BackendRules } from '../connections/needs.ts';

/** Those of the given backends that this one does not federate with (reference federation-api 5.2.12). */
export function serveGetNotFullyConnectedBackends(
  rules: BackendRules,
): RpcHandler<typeof getNotFullyConnectedBackends> {
  return (_context, { domains }) => ({
    non_connected_backends: [...new Set(domains)].filter((domain) => !rules.federatesWithBackend(domain)),
  });
}
