import type { BackendDomain, TeamId } from '#contract/ids.ts';
import type { SearchPolicy } from '#contract/profiles.ts';
import type { Policy } from '../faces.ts';

/** What the list of remotes says about people, as components ask it (reference 2.5 and 2.6). */
export interface FederationRules {
  /**
   * Whether own users may connect with a user of this remote and team (`null`: of no team). Conversations, messages
   * and profiles do not ask this; for them the remote as a whole is admitted or not.
   */
  federatesWith(domain: BackendDomain, team: TeamId | null): boolean;
  /** Whether this backend federates with a remote as a whole, as it tells others (reference 5.2.12). */
  federatesWithBackend(domain: BackendDomain): boolean;
  /** What a remote's user of this team may search here: nothing when the remote is unlisted, whatever the strategy. */
  searchPolicyFor(domain: BackendDomain, team: TeamId | null): SearchPolicy;
  /** What a remote may look up by handle; its restriction to teams does not count. */
  handlePolicyFor(domain: BackendDomain): SearchPolicy;
  /** The teams of a remote whose users own users may find: `null` for all, none when it is unlisted. */
  onlyInTeams(domain: BackendDomain): readonly TeamId[] | null;
}

/** The rules over the list as it is at each question. */
export function createFederationRules(policy: Pick<Policy, 'strategy' | 'find'>): FederationRules {
  return {
    federatesWith(domain, team) {
      if (policy.strategy === 'allowNone') return false;
      if (policy.strategy === 'allowAll') return true;
      return policy.find(domain) !== undefined && isTeamAllowed(policy, domain, team);
    },
    // As wire-server: under `allowNone` the list still says whom this backend would federate with.
    federatesWithBackend: (domain) => policy.strategy === 'allowAll' || policy.find(domain) !== undefined,
    searchPolicyFor(domain, team) {
      return isTeamAllowed(policy, domain, team) ? listedPolicy(policy, domain) : 'no_search';
    },
    handlePolicyFor: (domain) => listedPolicy(policy, domain),
    onlyInTeams(domain) {
      const remote = policy.find(domain);
      if (remote === undefined) return [];
      return remote.restriction.tag === 'allow_all' ? null : remote.restriction.value;
    },
  };
}

function listedPolicy(policy: Pick<Policy, 'find'>, domain: BackendDomain): SearchPolicy {
  return policy.find(domain)?.search_policy ?? 'no_search';
}

/** A user without a team is in none of the teams that a restriction lists. */
function isTeamAllowed(policy: Pick<Policy, 'find'>, domain: BackendDomain, team: TeamId | null): boolean {
  const restriction = policy.find(domain)?.restriction;
  if (restriction?.tag !== 'restrict_by_team') return true;
  return team !== null && restriction.value.includes(team);
}
