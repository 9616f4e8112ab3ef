import type { TeamId, UserId } from '#contract/ids.ts';
import type { SearchVisibility, Team } from '#contract/teams.ts';
import type { Reader, TeamRow, Work } from '#storage';

/** The table `team`. */

/** A team that is on its way out is found by nobody but by its deletion. */
export async function findTeam(reader: Reader, id: TeamId): Promise<Team | undefined> {
  const row = await reader
    .selectFrom('team')
    .selectAll()
    .where('id', '=', id)
    .where('deleted_by', 'is', null)
    .executeTakeFirst();
  return row && teamOf(row);
}

/**
 * Reads a team and keeps every other unit of work from changing it until this one ends. Whoever counts its members and
 * adds one reads it here.
 */
export async function lockTeam(work: Work, id: TeamId): Promise<Team | undefined> {
  return changeTeam(work, id, { id });
}

/** Changes columns and returns the team as it is now; undefined when there is none, or none any more. */
export async function changeTeam(
  work: Work,
  id: TeamId,
  change: Partial<TeamRow>,
): Promise<Team | undefined> {
  const row = await work.db
    .updateTable('team')
    .set(change)
    .where('id', '=', id)
    .where('deleted_by', 'is', null)
    .returningAll()
    .executeTakeFirst();
  return row && teamOf(row);
}

export async function addTeam(work: Work, team: Team): Promise<void> {
  const row: TeamRow = {
    id: team.id,
    creator: team.creator,
    name: team.name,
    icon: team.icon,
    icon_key: team.icon_key ?? null,
    splash_screen: team.splash_screen,
    search_visibility: 'standard' satisfies SearchVisibility,
    deleted_by: null,
  };
  await work.db.insertInto('team').values(row).execute();
}

/** Every team was founded by a registration: what wire-server calls binding. */
function teamOf(row: TeamRow): Team {
  return {
    id: row.id as TeamId,
    creator: row.creator as UserId,
    name: row.name,
    icon: row.icon,
    ...(row.icon_key === null ? {} : { icon_key: row.icon_key }),
    binding: true,
    splash_screen: row.splash_screen,
  };
}
