import type { getUserByHandle } from '#contract/federation/brig.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { RemoteRules } from '../search/remote-rules.ts';
import { type ProfileNeeds, profilesOf } from '../users/profile.ts';
import { findAccountByHandle } from '../users/user-store.ts';

interface Needs extends ProfileNeeds {
  readonly remoteRules: RemoteRules;
}

/** Shows a user by handle unless the search policy for the caller is `no_search` (reference federation-api 5.2.2). */
export function serveGetUserByHandle(needs: Needs): RpcHandler<typeof getUserByHandle> {
  return async ({ origin }, handle) => {
    if (needs.remoteRules.handlePolicyFor(origin) === 'no_search') return null;
    const account = await findAccountByHandle(needs.reader, handle);
    const [profile] = account === undefined ? [] : await profilesOf(needs, [account]);
    return profile ?? null;
  };
}
