import type { ExpressionBuilder } from 'kysely';
import type { TeamId, UserId } from '#contract/ids.ts';
import type { BotRow, Reader, Tables, Work } from '#storage';

/** Rows of bots: of which service, in which conversation, and how far their events were taken. */

export async function findBot(reader: Reader, id: UserId): Promise<BotRow | undefined> {
  return await reader.selectFrom('bot').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function insertBot(
  work: Work,
  bot: Pick<BotRow, 'id' | 'service' | 'conversation' | 'team'>,
): Promise<void> {
  const row: BotRow = { ...bot, position: 0, ended: 0, lease_owner: null, lease_until: 0 };
  await work.db.insertInto('bot').values(row).execute();
}

export async function listBotIds(reader: Reader): Promise<readonly UserId[]> {
  const rows = await reader.selectFrom('bot').select('id').execute();
  return rows.map(({ id }) => id as UserId);
}

export async function listBotsOf(reader: Reader, services: readonly string[]): Promise<readonly UserId[]> {
  if (services.length === 0) return [];
  const rows = await reader.selectFrom('bot').select('id').where('service', 'in', services).execute();
  return rows.map(({ id }) => id as UserId);
}

export async function listBotsInTeam(
  reader: Reader,
  service: string,
  team: TeamId,
): Promise<readonly BotRow[]> {
  return await reader
    .selectFrom('bot')
    .selectAll()
    .where('service', '=', service)
    .where('team', '=', team)
    .where('ended', '=', 0)
    .execute();
}

/** Bots that something waits for: events, their end, or the end of their service. Those of disabled services wait on. */
export async function listWaiting(reader: Reader): Promise<readonly UserId[]> {
  const rows = await reader
    .selectFrom('bot')
    .leftJoin('service', 'service.id', 'bot.service')
    .select('bot.id')
    .where((row) =>
      row.or([
        row('service.id', 'is', null),
        row.and([row('service.enabled', '=', 1), row.or([row('bot.ended', '=', 1), hasEvents(row)])]),
      ]),
    )
    .execute();
  return rows.map(({ id }) => id as UserId);
}

function hasEvents(row: ExpressionBuilder<Tables, 'bot'>) {
  return row.exists(
    row
      .selectFrom('notification')
      .select('notification.position')
      .whereRef('notification.user_id', '=', 'bot.id')
      .whereRef('notification.position', '>', 'bot.position'),
  );
}

/** Who delivers to a bot, and until when nobody else does. */
export interface Lease {
  readonly owner: string;
  readonly now: number;
  readonly until: number;
}

/** Takes the lease of a bot or makes it longer; undefined when another process has it or the bot is gone. */
export async function takeLease(
  work: Work,
  id: UserId,
  { owner, now, until }: Lease,
): Promise<BotRow | undefined> {
  return await work.db
    .updateTable('bot')
    .set({ lease_owner: owner, lease_until: until })
    .where('id', '=', id)
    .where((row) =>
      row.or([row('lease_owner', 'is', null), row('lease_owner', '=', owner), row('lease_until', '<=', now)]),
    )
    .returningAll()
    .executeTakeFirst();
}

export async function releaseLease(work: Work, id: UserId, owner: string): Promise<void> {
  await work.db
    .updateTable('bot')
    .set({ lease_owner: null, lease_until: 0 })
    .where('id', '=', id)
    .where('lease_owner', '=', owner)
    .execute();
}

/** Notes what was taken. Returns false when the lease is another process's by now. */
export async function setPosition(work: Work, id: UserId, position: number, lease: Lease): Promise<boolean> {
  const rows = await work.db
    .updateTable('bot')
    .set({ position, lease_until: lease.until })
    .where('id', '=', id)
    .where('lease_owner', '=', lease.owner)
    .returning('id')
    .execute();
  return rows.length > 0;
}

export async function setEnded(work: Work, id: UserId): Promise<void> {
  await work.db.updateTable('bot').set({ ended: 1 }).where('id', '=', id).execute();
}

export async function removeBot(work: Work, id: UserId): Promise<void> {
  await work.db.deleteFrom('bot').where('id', '=', id).execute();
}
