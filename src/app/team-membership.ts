import type { Brig } from '#brig';
import type { TeamMembership } from '#teams';

/** Who brig knows to be in which team. Teams grow by nobody yet: whoever is in one has founded it. */
export function teamMembership(brig: () => Pick<Brig, 'accounts'>): TeamMembership {
  const teamOf: TeamMembership['teamOf'] = async (user) => {
    const [account] = await brig().accounts.list([user]);
    return account?.team ?? undefined;
  };
  return {
    teamOf,
    mayAdminister: async (user, team) => (await teamOf(user)) === team,
    listMembers: (team, limit) => brig().accounts.listTeam(team, limit),
  };
}
