import type { TeamId, UserId } from '#contract/ids.ts';
import type { Reader, Work } from '#storage';
import { unlistTeam } from '../legalhold/listed-teams.ts';
import { removeService } from '../legalhold/service-store.ts';
import { changeTeam } from '../team-store.ts';

/** Teams that are on their way out: `deleted_by` of the table `team` says so, and who wants it. */

export interface Deletion {
  readonly team: TeamId;
  readonly by: UserId;
}

/** From now on nobody is in the team any more. False when it is gone or going. */
export async function beginDeletion(work: Work, { team, by }: Deletion): Promise<boolean> {
  return (await changeTeam(work, team, { deleted_by: by })) !== undefined;
}

/** All, or only that of one team. */
export async function listDeletions(reader: Reader, team?: TeamId): Promise<readonly Deletion[]> {
  let query = reader.selectFrom('team').select(['id', 'deleted_by']).where('deleted_by', 'is not', null);
  if (team !== undefined) query = query.where('id', '=', team);
  const rows = await query.execute();
  return rows.map((row) => ({ team: row.id as TeamId, by: row.deleted_by as UserId }));
}

/** Members who are still there, some of them. */
export async function listLeft(reader: Reader, team: TeamId, limit: number): Promise<readonly UserId[]> {
  const rows = await reader
    .selectFrom('team_member')
    .select('user_id')
    .where('team', '=', team)
    .limit(limit)
    .execute();
  return rows.map((row) => row.user_id as UserId);
}

/** The end of a team that nobody is in. */
export async function removeTeam(work: Work, team: TeamId): Promise<void> {
  const { db } = work;
  await db.deleteFrom('team_feature').where('team', '=', team).execute();
  await removeService(work, team);
  await unlistTeam(work, team);
  await db.deleteFrom('team_invitation').where('team', '=', team).execute();
  await db.deleteFrom('team_notification').where('team', '=', team).execute();
  await db.deleteFrom('team').where('id', '=', team).execute();
}
