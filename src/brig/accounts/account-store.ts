import type { Updateable } from 'kysely';
import type { UserId } from '#contract/ids.ts';
import type { LabelKey } from '#contract/labels.ts';
import { refuse } from '#contract/refusal.ts';
import { type AccountRow, isUniqueViolation, type Reader, type Storage, type Work } from '#storage';

/**
 * Finding accounts by their identity, and changing them (`users/user-store.ts` has the other reads). A deleted
 * account stays as a row, since its id and handle are never used again.
 */

/** The account that the address is an activated identity of. */
export async function findAccountByEmailKey(reader: Reader, key: string): Promise<AccountRow | undefined> {
  return await reader.selectFrom('account').selectAll().where('email_key', '=', key).executeTakeFirst();
}

export async function addAccount(work: Work, row: AccountRow): Promise<void> {
  await work.db.insertInto('account').values(row).execute();
}

/** Changes columns and returns the row as it is now; undefined when there is no such account. */
export async function changeAccount(
  work: Work,
  id: UserId,
  change: Updateable<AccountRow>,
): Promise<AccountRow | undefined> {
  return await work.db
    .updateTable('account')
    .set(change)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
}

/**
 * Reads an account and keeps every other unit of work from changing it, its cookies and codes until this one ends.
 * Whoever decides by what it read of an account inside a unit of work reads it here.
 */
export async function lockAccount(work: Work, id: UserId): Promise<AccountRow | undefined> {
  return await changeAccount(work, id, { id });
}

/** A unit of work in which a value that somebody else has is refused with `label`. */
export async function workRefusingTaken<T>(
  storage: Storage,
  label: LabelKey,
  change: (work: Work) => Promise<T>,
): Promise<T> {
  try {
    return await storage.work(change);
  } catch (cause) {
    if (isUniqueViolation(cause)) throw refuse(label, { cause });
    throw cause;
  }
}
