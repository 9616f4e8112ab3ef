import { sql } from 'kysely';
import type { TeamId } from '#contract/ids.ts';
import type { Reader, Work } from '#storage';
import { openSpace, teamSpace, termKinds, termPrefix } from './index-key.ts';

/**
 * The table `searchable_team`: teams whose members are found by name from outside, by other teams and other backends.
 * Their members' terms stand a second time in the index, in the space that is open.
 */

export async function isSearchable(reader: Reader, team: string): Promise<boolean> {
  return (await listSearchable(reader, [team as TeamId])).length > 0;
}

/** Those of the teams that are. */
export async function listSearchable(reader: Reader, teams: readonly TeamId[]): Promise<readonly TeamId[]> {
  if (teams.length === 0) return [];
  const rows = await reader
    .selectFrom('searchable_team')
    .select('team')
    .where('team', 'in', [...teams])
    .execute();
  return rows.map((row) => row.team as TeamId);
}

/** Opens a team to searches from outside, or closes it: a few statements, however many members it has. */
export async function setSearchable(work: Work, team: TeamId, searchable: boolean): Promise<void> {
  const { db } = work;
  if (!searchable) {
    await db.deleteFrom('searchable_team').where('team', '=', team).execute();
    for (const kind of termKinds) {
      const members = termsIn(work.reader, termPrefix(kind, teamSpace(team), '')).select('user_id');
      const prefix = termPrefix(kind, openSpace, '');
      await db
        .deleteFrom('search_term')
        .where('user_id', 'in', members)
        .where('term', '>=', prefix)
        .where('term', '<', endOf(prefix))
        .execute();
    }
    return;
  }
  await db
    .insertInto('searchable_team')
    .values({ team })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  for (const kind of termKinds) {
    const from = termPrefix(kind, teamSpace(team), '');
    const to = termPrefix(kind, openSpace, '');
    const copies = termsIn(work.reader, from).select([
      sql<string>`${to} || substr(term, ${sql.lit(from.length + 1)})`.as('term'),
      'user_id',
    ]);
    await db
      .insertInto('search_term')
      .columns(['term', 'user_id'])
      .expression(copies)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

function termsIn(reader: Reader, prefix: string) {
  return reader.selectFrom('search_term').where('term', '>=', prefix).where('term', '<', endOf(prefix));
}

/** Behind all terms that begin with the prefix. */
function endOf(prefix: string): string {
  return `${prefix}\u{10ffff}`;
}
