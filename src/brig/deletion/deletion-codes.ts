import { createHash, randomBytes } from 'node:crypto';
import type { UserId } from '#contract/ids.ts';
import { sameSecret } from '#contract/secrets.ts';
import type { DeletionCodeRow, Work } from '#storage';

/** Codes that confirm a deletion: one a user, for ten minutes (reference client-api 3.1). */

export const deletionCodeSeconds = 600;

/** Codes that may be given for one that was mailed; wire-server's number. */
const maxTries = 3;

/** 20 characters, as the keys of wire-server. */
export function deletionKey(user: UserId): string {
  return createHash('sha256').update(`delete ${user}`).digest('base64url').slice(0, 20);
}

/** The pending code, or a new one that now is pending. */
export async function beginDeletion(
  work: Work,
  user: UserId,
  now: number,
): Promise<{ readonly row: DeletionCodeRow; readonly isNew: boolean }> {
  const key = deletionKey(user);
  const pending = await work.db
    .selectFrom('deletion_code')
    .selectAll()
    .where('key', '=', key)
    .executeTakeFirst();
  if (pending !== undefined && pending.expires_at > now) return { row: pending, isNew: false };
  const row: DeletionCodeRow = {
    key,
    user_id: user,
    code: randomBytes(15).toString('base64url'),
    retries: maxTries,
    expires_at: now + deletionCodeSeconds * 1000,
  };
  const { key: _, ...changed } = row;
  await work.db
    .insertInto('deletion_code')
    .values(row)
    .onConflict((conflict) => conflict.column('key').doUpdateSet(changed))
    .execute();
  return { row, isNew: true };
}

/** The user of a right code. Each wrong one takes a try, and the last try the code. */
export async function judgeDeletionCode(
  work: Work,
  key: string,
  code: string,
  now: number,
): Promise<UserId | undefined> {
  const row = await work.db
    .updateTable('deletion_code')
    .set((column) => ({ retries: column('retries', '-', 1) }))
    .where('key', '=', key)
    .where('expires_at', '>', now)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (sameSecret(code, row.code)) return row.user_id as UserId;
  if (row.retries <= 0) await work.db.deleteFrom('deletion_code').where('key', '=', key).execute();
  return undefined;
}
