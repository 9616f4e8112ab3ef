import type { searchUsers } from '#contract/federation/brig.ts';
import type { BackendDomain } from '#contract/ids.ts';
import type { SearchPolicy } from '#contract/profiles.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { AccountRow, Reader } from '#storage';
import type { RemoteRules } from '../search/remote-rules.ts';
import { type LocalSearch, searchExactHandle, searchLocal } from '../search/search-local.ts';
import { maxFederatedContacts } from '../search/search-remote.ts';
import { contactOf } from '../users/profile.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly reader: Reader;
  readonly remoteRules: RemoteRules;
}

/**
 * Searches for another backend's user. What it may see follows from the admitted origin domain; `from`, the team that
 * it says the searcher is of, can only narrow that to a listed team of that same domain (reference 5.2.7, 2.6).
 */
export function serveSearchUsers({ ownDomain, reader, remoteRules }: Needs): RpcHandler<typeof searchUsers> {
  return async ({ origin }, { term, from, onlyInTeams }) => {
    const policy = remoteRules.searchPolicyFor(origin, from ?? null);
    const searcher = { kind: 'remote', onlyInTeams: onlyInTeams ?? null } as const;
    const accounts = await searchAs(policy, reader, { term, limit: maxFederatedContacts, searcher });
    return { contacts: accounts.map((account) => contactOf(account, ownDomain)), searchPolicy: policy };
  };
}

async function searchAs(
  policy: SearchPolicy,
  reader: Reader,
  search: LocalSearch,
): Promise<readonly AccountRow[]> {
  switch (policy) {
    case 'no_search':
      return [];
    case 'exact_handle_search': {
      const account = await searchExactHandle(reader, search.term, search.searcher);
      return account === undefined ? [] : [account];
    }
    case 'full_search':
      return await searchLocal(reader, search);
  }
}
