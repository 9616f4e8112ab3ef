import type { BackendDomain, TeamId } from '#contract/ids.ts';
import type { SearchPolicy } from '#contract/profiles.ts';

/** What the list of remote backends says about searching (reference federation-api 2.6); answers from memory. */
export interface RemoteRules {
  /**
   * What a backend may search here for a user of a team of its: `no_search` when it is not listed, or restricted to
   * teams and this is none of them.
   */
  searchPolicyFor(domain: BackendDomain, team: TeamId | null): SearchPolicy;
  /** What a backend may look up by handle; its restriction to teams does not count. */
  handlePolicyFor(domain: BackendDomain): SearchPolicy;
  /** The teams of a backend that own users may find: `null` for all, none when it is not listed. */
  onlyInTeams(domain: BackendDomain): readonly TeamId[] | null;
}
