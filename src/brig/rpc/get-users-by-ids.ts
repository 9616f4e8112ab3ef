import type { getUsersByIds } from '#contract/federation/brig.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { AccountRow } from '#storage';
import { type ProfileNeeds, profilesOf } from '../users/profile.ts';
import { listAccounts } from '../users/user-store.ts';

interface Needs extends ProfileNeeds {
  /** Told of what was read: whoever is past its time is shown once more and then goes. */
  readonly onExpired: (accounts: readonly AccountRow[]) => void;
}

/**
 * Shows users to whoever knows their ids: the search policy does not apply (reference federation-api 5.2.3). Deleted
 * users are shown as such, those who never activated are not; e-mail addresses stay here.
 */
export function serveGetUsersByIds(needs: Needs): RpcHandler<typeof getUsersByIds> {
  return async (_context, ids) => {
    const accounts = await listAccounts(needs.reader, ids);
    needs.onExpired(accounts);
    return [...(await profilesOf(needs, accounts))];
  };
}
