import type { NewLegalholdService } from '#contract/client/legalhold.ts';
import type { TeamId } from '#contract/ids.ts';
import type { LegalholdServiceRow, Reader, Work } from '#storage';

/** The table `legalhold_service`: what a team has registered. */

export async function findService(reader: Reader, team: TeamId): Promise<LegalholdServiceRow | undefined> {
  return await reader.selectFrom('legalhold_service').selectAll().where('team', '=', team).executeTakeFirst();
}

/** Registers a service in place of the one before. */
export async function putService(
  work: Work,
  team: TeamId,
  { base_url, public_key, auth_token }: NewLegalholdService,
): Promise<void> {
  const values = { base_url, public_key, auth_token };
  await work.db
    .insertInto('legalhold_service')
    .values({ team, ...values })
    .onConflict((conflict) => conflict.column('team').doUpdateSet(values))
    .execute();
}

export async function removeService(work: Work, team: TeamId): Promise<void> {
  await work.db.deleteFrom('legalhold_service').where('team', '=', team).execute();
}
