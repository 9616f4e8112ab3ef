import type { getUserByHandle } from '#contract/federation/brig.ts';
import type { BackendDomain } from '#contract/ids.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { Reader } from '#storage';
import type { RemoteRules } from '../search/remote-rules.ts';
import { isVisible, profileOf } from '../users/profile.ts';
import { findAccountByHandle } from '../users/user-store.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly reader: Reader;
  readonly remoteRules: RemoteRules;
}

/** Shows a user by handle unless the search policy for the caller is `no_search` (reference federation-api 5.2.2). */
export function serveGetUserByHandle({
  ownDomain,
  reader,
  remoteRules,
}: Needs): RpcHandler<typeof getUserByHandle> {
  return async ({ origin }, handle) => {
    if (remoteRules.handlePolicyFor(origin) === 'no_search') return null;
    const account = await findAccountByHandle(reader, handle);
    return account !== undefined && isVisible(account) ? profileOf(account, ownDomain) : null;
  };
}
