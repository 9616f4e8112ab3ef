import type { ProviderId } from '#contract/ids.ts';
import type { ProviderRow, Reader, Work } from '#storage';
import { removeCodesOf } from './code-store.ts';

/** Rows of providers. */

export async function findProvider(reader: Reader, id: ProviderId): Promise<ProviderRow | undefined> {
  return await reader.selectFrom('provider').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function findProviderByEmail(reader: Reader, key: string): Promise<ProviderRow | undefined> {
  return await reader.selectFrom('provider').selectAll().where('email_key', '=', key).executeTakeFirst();
}

export async function insertProvider(work: Work, row: ProviderRow): Promise<void> {
  await work.db.insertInto('provider').values(row).execute();
}

/** Changes columns; false when there is no such provider. */
export async function changeProvider(
  work: Work,
  id: ProviderId,
  change: Partial<ProviderRow>,
): Promise<boolean> {
  const rows = await work.db
    .updateTable('provider')
    .set({ id, ...change })
    .where('id', '=', id)
    .returning('id')
    .execute();
  return rows.length > 0;
}

export async function removeProvider(work: Work, id: ProviderId): Promise<void> {
  await removeCodesOf(work, id);
  await work.db.deleteFrom('provider').where('id', '=', id).execute();
}
