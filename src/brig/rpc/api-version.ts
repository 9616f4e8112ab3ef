import type { apiVersion } from '#contract/federation/brig.ts';
import { federationVersions, type RpcHandler } from '#contract/rpc.ts';

/** Which versions this backend speaks; everybody who was admitted may know (reference federation-api 4.3). Bundles: `federation/outbox.ts`. */
export function serveApiVersion(): RpcHandler<typeof apiVersion> {
  return () => ({
    supported_versions: [...federationVersions],
    supported: [...federationVersions],
    crosswire: { bundles: true },
  });
}
