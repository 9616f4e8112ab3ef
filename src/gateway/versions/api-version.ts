import { getApiVersion } from '#contract/client/api-version.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { VersionSet } from './version-prefix.ts';

/** `GET /api-version`. */
export function serveApiVersion(
  versions: VersionSet,
  domain: BackendDomain,
  federation: boolean,
): ServedRoute {
  const body = {
    supported: [...versions.supported],
    development: [...versions.development],
    federation,
    domain,
  };
  return handle(getApiVersion, () => ({ status: 200, body }));
}
