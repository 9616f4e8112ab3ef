import type { TeamEvent } from '#contract/events/team.ts';
import type { TeamId } from '#contract/ids.ts';
import type { Reader, Work } from '#storage';

/** The table `team_notification`: what has happened in a team, for members who were away. */

export interface QueuedEvent {
  readonly at: number;
  readonly event: TeamEvent;
}

/** Puts an event at the end. The team must be locked. What was stored before `oldest` goes. */
export async function addToQueue(
  work: Work,
  team: TeamId,
  event: TeamEvent,
  { nowMs, oldest }: { readonly nowMs: number; readonly oldest: number },
): Promise<void> {
  const { db } = work;
  await db.deleteFrom('team_notification').where('team', '=', team).where('at', '<', oldest).execute();
  const newest = await db
    .selectFrom('team_notification')
    .select((select) => select.fn.max('at').as('at'))
    .where('team', '=', team)
    .executeTakeFirst();
  const at = Math.max(nowMs * 1000, Number(newest?.at ?? 0) + 1);
  await db
    .insertInto('team_notification')
    .values({ team, at, event: JSON.stringify(event) })
    .execute();
}

/** Events from `since` on, that one with them, at most `limit`. */
export async function listQueue(
  reader: Reader,
  team: TeamId,
  since: number,
  limit: number,
): Promise<readonly QueuedEvent[]> {
  const rows = await reader
    .selectFrom('team_notification')
    .selectAll()
    .where('team', '=', team)
    .where('at', '>=', since)
    .orderBy('at')
    .limit(limit)
    .execute();
  return rows.map(({ at, event }) => ({ at, event: JSON.parse(event) as TeamEvent }));
}
