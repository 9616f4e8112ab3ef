import type { TeamId } from '#contract/ids.ts';
import type { Reader, Work } from '#storage';

/** The table `legalhold_listed_team`: teams that may have legal hold, where operators list them. */

export async function isListed(reader: Reader, team: TeamId): Promise<boolean> {
  const row = await reader
    .selectFrom('legalhold_listed_team')
    .select('team')
    .where('team', '=', team)
    .executeTakeFirst();
  return row !== undefined;
}

export async function listTeam(work: Work, team: TeamId): Promise<void> {
  await work.db
    .insertInto('legalhold_listed_team')
    .values({ team })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Has all members consent that have not. */
export async function consentAll(work: Work, team: TeamId): Promise<void> {
  await work.db
    .updateTable('team_member')
    .set({ legalhold_status: 'disabled' })
    .where('team', '=', team)
    .where('legalhold_status', '=', 'no_consent')
    .execute();
}

/** Members who have consented by its being listed have done so. */
export async function unlistTeam(work: Work, team: TeamId): Promise<void> {
  await work.db.deleteFrom('legalhold_listed_team').where('team', '=', team).execute();
}
