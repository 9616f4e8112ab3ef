import type { Updateable } from 'kysely';
import type { ClientId, UserId } from '#contract/ids.ts';
import type { ClientRow, Reader, Work } from '#storage';

/** Rows of clients. */

/** Ids in one `in (…)`: as for accounts. */
const idsPerQuery = 500;

/** The clients of a user, oldest first. */
export async function listClients(reader: Reader, userId: UserId): Promise<readonly ClientRow[]> {
  return await reader
    .selectFrom('client')
    .selectAll()
    .where('user_id', '=', userId)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
}

/** The clients of many users in any order. */
export async function listClientsOf(reader: Reader, users: readonly UserId[]): Promise<readonly ClientRow[]> {
  const distinct = [...new Set(users)];
  const found: ClientRow[] = [];
  for (let start = 0; start < distinct.length; start += idsPerQuery) {
    const chunk = distinct.slice(start, start + idsPerQuery);
    const rows = await reader.selectFrom('client').selectAll().where('user_id', 'in', chunk).execute();
    for (const row of rows) found.push(row);
  }
  return found;
}

export async function findClient(
  reader: Reader,
  userId: UserId,
  clientId: ClientId,
): Promise<ClientRow | undefined> {
  return await reader
    .selectFrom('client')
    .selectAll()
    .where('user_id', '=', userId)
    .where('id', '=', clientId)
    .executeTakeFirst();
}

/** Adds a client, or replaces all of the one with its id. */
export async function putClient(work: Work, row: ClientRow): Promise<void> {
  await work.db
    .insertInto('client')
    .values(row)
    .onConflict((conflict) => conflict.columns(['user_id', 'id']).doUpdateSet(row))
    .execute();
}

/** Changes columns and returns the row as it is now; undefined when there is no such client. */
export async function changeClient(
  work: Work,
  userId: UserId,
  clientId: ClientId,
  change: Updateable<ClientRow>,
): Promise<ClientRow | undefined> {
  return await work.db
    .updateTable('client')
    .set(change)
    .where('user_id', '=', userId)
    .where('id', '=', clientId)
    .returningAll()
    .executeTakeFirst();
}

/** Reads a client and keeps other units of work from changing or removing it until this one ends. */
export async function lockClient(
  work: Work,
  userId: UserId,
  clientId: ClientId,
): Promise<ClientRow | undefined> {
  return await changeClient(work, userId, clientId, { id: clientId });
}

export async function removeClientRows(
  work: Work,
  userId: UserId,
  clientIds: readonly ClientId[],
): Promise<void> {
  await work.db.deleteFrom('client').where('user_id', '=', userId).where('id', 'in', clientIds).execute();
}

/** Whether a user has this client. */
export async function hasClient(reader: Reader, userId: UserId, clientId: ClientId): Promise<boolean> {
  return (await findClient(reader, userId, clientId)) !== undefined;
}
