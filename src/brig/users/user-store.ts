import type { Handle, UserId } from '#contract/ids.ts';
import type { AccountRow, Reader } from '#storage';

/** Ids in one `in (…)`: above it, both databases get slower per id, and SQLite comes near its limit of variables. */
const idsPerQuery = 500;

/** The accounts with these ids, in any status and any order; unknown ids are left out. */
export async function listAccounts(reader: Reader, ids: readonly UserId[]): Promise<readonly AccountRow[]> {
  const distinct = [...new Set(ids)];
  const found: AccountRow[] = [];
  for (let start = 0; start < distinct.length; start += idsPerQuery) {
    const chunk = distinct.slice(start, start + idsPerQuery);
    const rows = await reader.selectFrom('account').selectAll().where('id', 'in', chunk).execute();
    for (const row of rows) found.push(row);
  }
  return found;
}

/** The account with this id, in any status. */
export async function findAccount(reader: Reader, id: UserId): Promise<AccountRow | undefined> {
  return await reader.selectFrom('account').selectAll().where('id', '=', id).executeTakeFirst();
}

/** The account that holds this handle; a deleted one does not. */
export async function findAccountByHandle(reader: Reader, handle: Handle): Promise<AccountRow | undefined> {
  return await reader
    .selectFrom('account')
    .selectAll()
    .where('handle', '=', handle)
    .where('status', '<>', 'deleted')
    .executeTakeFirst();
}
