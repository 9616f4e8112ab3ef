import type { AccountTeams } from '#brig';
import { isAdmin } from '#contract/teams.ts';
import type { Galley, TeamLookup } from '#galley';
import type { Reader } from '#storage';
import type { TeamConversations, Teams } from '#teams';

/** What is known of teams, in the words of other parts. */

export function brigTeams({ members, features, found, acceptance, search, legalhold }: Teams): AccountTeams {
  const { isOwner, list: listMembers, listRoles } = members;
  return {
    isOwner,
    mayChangeProfiles: async (reader, team, user) => {
      const member = await members.find(reader, team, user);
      return member !== undefined && isAdmin(member.permissions.self);
    },
    listMembers,
    listRoles,
    searchReach: search.reachOf,
    asksSecondFactor: async (team) =>
      (await features.get(team, 'sndFactorPasswordChallenge')).status === 'enabled',
    isLegalholdEnabled: async (team) => (await features.get(team, 'legalhold')).status === 'enabled',
    legalholdStatusesOf: legalhold.statusesOf,
    found,
    ...acceptance,
  };
}

export function galleyTeams(reader: Reader, { members }: Pick<Teams, 'members'>): TeamLookup {
  return {
    permissionsOf: async (user, team) => (await members.find(reader, team, user))?.permissions.self,
    ownPermissionsOf: async (user) => (await members.findOf(reader, user))?.permissions.self,
  };
}

/** What galley does with conversations, in the words of teams. */
export function teamConversations(
  galley: () => Pick<Galley, 'endTeamConversations' | 'partForLegalhold'>,
): TeamConversations {
  return {
    end: (team, by, until) => galley().endTeamConversations(team, by, until),
    part: (user) => galley().partForLegalhold(user),
  };
}
