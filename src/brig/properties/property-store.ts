import type { UserId } from '#contract/ids.ts';
import type { PropertyRow, Reader, Work } from '#storage';

/** Rows of properties. */

export async function listPropertyRows(reader: Reader, userId: UserId): Promise<readonly PropertyRow[]> {
  return await reader
    .selectFrom('property')
    .selectAll()
    .where('user_id', '=', userId)
    .orderBy('key')
    .execute();
}

export async function listPropertyKeys(reader: Reader, userId: UserId): Promise<readonly string[]> {
  const rows = await reader
    .selectFrom('property')
    .select('key')
    .where('user_id', '=', userId)
    .orderBy('key')
    .execute();
  return rows.map(({ key }) => key);
}

export async function findProperty(
  reader: Reader,
  userId: UserId,
  key: string,
): Promise<PropertyRow | undefined> {
  return await reader
    .selectFrom('property')
    .selectAll()
    .where('user_id', '=', userId)
    .where('key', '=', key)
    .executeTakeFirst();
}

export async function putPropertyRow(work: Work, row: PropertyRow): Promise<void> {
  await work.db
    .insertInto('property')
    .values(row)
    .onConflict((conflict) => conflict.columns(['user_id', 'key']).doUpdateSet({ value: row.value }))
    .execute();
}

export async function removePropertyRow(work: Work, userId: UserId, key: string): Promise<void> {
  await work.db.deleteFrom('property').where('user_id', '=', userId).where('key', '=', key).execute();
}

export async function removePropertyRows(work: Work, userId: UserId): Promise<void> {
  await work.db.deleteFrom('property').where('user_id', '=', userId).execute();
}
