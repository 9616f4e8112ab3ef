import type { getUsersByIds } from '#contract/federation/brig.ts';
import type { BackendDomain } from '#contract/ids.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { Reader } from '#storage';
import { isVisible, profileOf } from '../users/profile.ts';
import { listAccounts } from '../users/user-store.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly reader: Reader;
}

/**
 * Shows users to whoever knows their ids: the search policy does not apply (reference federation-api 5.2.3). Deleted
 * users are shown as such, those who never activated are not; e-mail addresses stay here.
 */
export function serveGetUsersByIds({ ownDomain, reader }: Needs): RpcHandler<typeof getUsersByIds> {
  return async (_context, ids) => {
    const accounts = await listAccounts(reader, ids);
    return accounts.filter(isVisible).map((account) => profileOf(account, ownDomain));
  };
}
