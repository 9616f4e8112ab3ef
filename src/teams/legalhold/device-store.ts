import type { UserId } from '#contract/ids.ts';
import type { LegalholdDevice } from '#contract/legalhold.ts';
import type { Reader, Work } from '#storage';

/** The tables `legalhold_device` and `legalhold_unsettled`. */

/** The device that waits for approval, or is in use. */
export async function findDevice(reader: Reader, user: UserId): Promise<LegalholdDevice | undefined> {
  const row = await reader
    .selectFrom('legalhold_device')
    .select('device')
    .where('user_id', '=', user)
    .executeTakeFirst();
  return row && (JSON.parse(row.device) as LegalholdDevice);
}

export async function putDevice(work: Work, user: UserId, device: LegalholdDevice): Promise<void> {
  const values = { device: JSON.stringify(device) };
  await work.db
    .insertInto('legalhold_device')
    .values({ user_id: user, ...values })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet(values))
    .execute();
}

export async function removeDevice(work: Work, user: UserId): Promise<void> {
  await work.db.deleteFrom('legalhold_device').where('user_id', '=', user).execute();
}

/** Says that a member's surroundings do not fit its status yet, until `removeUnsettled`. */
export async function addUnsettled(work: Work, user: UserId): Promise<void> {
  await work.db
    .insertInto('legalhold_unsettled')
    .values({ user_id: user })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function removeUnsettled(work: Work, user: UserId): Promise<void> {
  await work.db.deleteFrom('legalhold_unsettled').where('user_id', '=', user).execute();
}

export async function listUnsettled(reader: Reader): Promise<readonly UserId[]> {
  const rows = await reader.selectFrom('legalhold_unsettled').select('user_id').orderBy('user_id').execute();
  return rows.map((row) => row.user_id as UserId);
}

/** What is kept for a user whose account goes. */
export async function removeHoldRows(work: Work, user: UserId): Promise<void> {
  await removeDevice(work, user);
  await removeUnsettled(work, user);
}
