import { brigRpcs } from '#contract/federation/brig.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { type ServedRpc, serveRpcs } from '#contract/rpc.ts';
import type { Reader } from '#storage';
import type { RemoteRules } from '../search/remote-rules.ts';
import { serveApiVersion } from './api-version.ts';
import { serveGetUserByHandle } from './get-user-by-handle.ts';
import { serveGetUsersByIds } from './get-users-by-ids.ts';
import { serveSearchUsers } from './search-users.ts';

/** What the served RPCs need of others. */
export interface BrigRpcNeeds {
  readonly ownDomain: BackendDomain;
  readonly reader: Reader;
  readonly remoteRules: RemoteRules;
}

/** Every RPC that brig serves to other backends; one that is declared but missing here does not compile. */
export function brigRpcTable(needs: BrigRpcNeeds): readonly ServedRpc[] {
  return serveRpcs(brigRpcs, {
    apiVersion: serveApiVersion(),
    getUserByHandle: serveGetUserByHandle(needs),
    getUsersByIds: serveGetUsersByIds(needs),
    searchUsers: serveSearchUsers(needs),
  });
}
