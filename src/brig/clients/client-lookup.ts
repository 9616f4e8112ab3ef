import type { CallOptions } from '#contract/federation-caller.ts';
import type { BackendDomain, Qualified, UserId } from '#contract/ids.ts';
import { Refusal } from '#contract/refusal.ts';
import { domainsAtOnce, idsByDomain, mapAtMost } from '../users/user-lookup.ts';
import type { ClientDirectory, ClientsOfUsers } from './client-directory.ts';
import type { RemoteClients } from './remote-clients.ts';

export interface ClientLookupNeeds {
  readonly ownDomain: BackendDomain;
  readonly directory: ClientDirectory;
  readonly remoteClients: RemoteClients;
}

/** Clients of users of any backend, as anybody may see them. */
export interface UserClientLookup {
  /** By domain; one that cannot be asked is left out (reference client-api 3.5). */
  list(
    users: readonly Qualified<UserId>[],
    options: CallOptions,
  ): Promise<ReadonlyMap<BackendDomain, ClientsOfUsers>>;
}

export function createUserClientLookup(needs: ClientLookupNeeds): UserClientLookup {
  const { ownDomain, directory, remoteClients } = needs;

  async function listOf(domain: BackendDomain, ids: readonly UserId[], options: CallOptions) {
    if (domain === ownDomain) return await directory.clientsOf(ids);
    try {
      return await remoteClients.clientsOf(domain, ids, options);
    } catch (error) {
      if (error instanceof Refusal) return undefined;
      throw error;
    }
  }

  return {
    async list(users, options) {
      const answers = await mapAtMost(
        domainsAtOnce,
        [...idsByDomain(users)],
        async ([domain, ids]) => [domain, await listOf(domain, ids, options)] as const,
      );
      return new Map(
        answers.flatMap(([domain, clients]) => (clients === undefined ? [] : [[domain, clients]])),
      );
    },
  };
}
