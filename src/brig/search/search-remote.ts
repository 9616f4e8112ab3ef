import { searchUsers } from '#contract/federation/brig.ts';
import type { CallOptions, FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain, TeamId } from '#contract/ids.ts';
import type { Contact, SearchPolicy } from '#contract/profiles.ts';
import { assertOwnUser } from '../users/remote-users.ts';

/** Most contacts that a backend gives another (reference federation-api 5.2.7). */
export const maxFederatedContacts = 15;

export interface RemoteSearch {
  readonly domain: BackendDomain;
  readonly term: string;
  /** The searcher's team. */
  readonly from: TeamId | undefined;
  /** Own restriction: `null` for none. */
  readonly onlyInTeams: readonly TeamId[] | null;
}

/**
 * Searches on another backend. Its answer is held to what we asked: its own users only, in the allowed teams only.
 * @throws Refusal as `FederationCaller.call`; `federation-unexpected-body` when it tells of other backends' users.
 */
export async function searchRemote(
  federation: FederationCaller,
  { domain, term, from, onlyInTeams }: RemoteSearch,
  options?: CallOptions,
): Promise<{ readonly contacts: readonly Contact[]; readonly searchPolicy: SearchPolicy }> {
  const input = { term, from: from ?? null, onlyInTeams: onlyInTeams === null ? null : [...onlyInTeams] };
  const answer = await federation.call(domain, searchUsers, input, options);
  for (const contact of answer.contacts) assertOwnUser(domain, searchUsers, contact.qualified_id.domain);
  const contacts = answer.contacts
    .filter(({ team }) => onlyInTeams === null || onlyInTeams.some((allowed) => allowed === team))
    .slice(0, maxFederatedContacts)
    .map(asTold);
  return { contacts, searchPolicy: answer.searchPolicy };
}

/** The members of the contract and no others; unset ones are null. */
function asTold(told: Contact): Contact {
  return {
    qualified_id: told.qualified_id,
    id: told.qualified_id.id,
    name: told.name,
    accent_id: told.accent_id ?? null,
    handle: told.handle ?? null,
    team: told.team ?? null,
  };
}
