import type { AccountTeams } from '#brig';
import type { TeamLookup } from '#galley';
import type { Reader } from '#storage';
import type { Teams } from '#teams';

/** What is known of teams, in the words of other parts. */

export function brigTeams({ members, found }: Teams): AccountTeams {
  return { isOwner: members.isOwner, listMembers: members.list, found };
}

export function galleyTeams(reader: Reader, { members }: Pick<Teams, 'members'>): TeamLookup {
  return {
    permissionsOf: async (user, team) => (await members.find(reader, team, user))?.permissions.self,
    ownPermissionsOf: async (user) => (await members.findOf(reader, user))?.permissions.self,
  };
}
