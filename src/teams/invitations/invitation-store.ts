import type { TeamId } from '#contract/ids.ts';
import type { Reader, TeamInvitationRow, Work } from '#storage';

/** The table `team_invitation`. An invitation past its time is as good as gone. */

/** What must hold of an invitation that counts. */
function open(reader: Reader, now: number) {
  return reader.selectFrom('team_invitation').selectAll().where('expires_at', '>', now);
}

export async function addInvitation(work: Work, row: TeamInvitationRow): Promise<void> {
  await work.db.insertInto('team_invitation').values(row).execute();
}

export async function findInvitation(
  reader: Reader,
  team: TeamId,
  id: string,
  now: number,
): Promise<TeamInvitationRow | undefined> {
  return open(reader, now).where('team', '=', team).where('id', '=', id).executeTakeFirst();
}

export async function findInvitationByCode(
  reader: Reader,
  code: string,
  now: number,
): Promise<TeamInvitationRow | undefined> {
  return open(reader, now).where('code', '=', code).executeTakeFirst();
}

/** In the order of their ids, from behind `after` on. */
export async function listInvitations(
  reader: Reader,
  team: TeamId,
  now: number,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<readonly TeamInvitationRow[]> {
  return open(reader, now)
    .where('team', '=', team)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** The teams that have invited the address. */
export async function listInvitingTeams(
  reader: Reader,
  emailKey: string,
  now: number,
): Promise<ReadonlySet<string>> {
  const rows = await open(reader, now).where('email_key', '=', emailKey).execute();
  return new Set(rows.map(({ team }) => team));
}

export async function countInvitations(reader: Reader, team: TeamId): Promise<number> {
  const { count } = await reader
    .selectFrom('team_invitation')
    .select((select) => select.fn.countAll().as('count'))
    .where('team', '=', team)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Takes an invitation away and returns it; undefined when it was not there any more. */
export async function takeInvitation(
  work: Work,
  code: string,
  now: number,
): Promise<TeamInvitationRow | undefined> {
  return work.db
    .deleteFrom('team_invitation')
    .where('code', '=', code)
    .where('expires_at', '>', now)
    .returningAll()
    .executeTakeFirst();
}

export async function removeInvitation(work: Work, team: TeamId, id: string): Promise<void> {
  await work.db.deleteFrom('team_invitation').where('team', '=', team).where('id', '=', id).execute();
}

export async function removeInvitations(work: Work, team: TeamId): Promise<void> {
  await work.db.deleteFrom('team_invitation').where('team', '=', team).execute();
}

export async function removeExpiredInvitations(work: Work, team: TeamId, now: number): Promise<void> {
  await work.db
    .deleteFrom('team_invitation')
    .where('team', '=', team)
    .where('expires_at', '<=', now)
    .execute();
}
