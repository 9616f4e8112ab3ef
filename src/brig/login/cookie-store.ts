import type { UserId } from '#contract/ids.ts';
import type { CookieRow, Reader, Work } from '#storage';

/** The rows behind `zuid` cookies. A row that has expired is as good as gone. */

export async function findCookie(
  reader: Reader,
  userId: UserId,
  id: number,
  nowMs: number,
): Promise<CookieRow | undefined> {
  return await reader
    .selectFrom('cookie')
    .selectAll()
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .where('expires_at', '>', nowMs)
    .executeTakeFirst();
}

/** The cookies of a user that have not expired, oldest first. */
export async function listCookies(
  reader: Reader,
  userId: UserId,
  nowMs: number,
): Promise<readonly CookieRow[]> {
  return await reader
    .selectFrom('cookie')
    .selectAll()
    .where('user_id', '=', userId)
    .where('expires_at', '>', nowMs)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
}

export async function addCookie(work: Work, row: CookieRow): Promise<void> {
  await work.db.insertInto('cookie').values(row).execute();
}

/** Links a cookie to what replaces it and shortens its life. */
export async function supersedeCookie(
  work: Work,
  old: CookieRow,
  successor: number,
  expiresAtMs: number,
): Promise<void> {
  await work.db
    .updateTable('cookie')
    .set({ successor, expires_at: Math.min(old.expires_at, expiresAtMs) })
    .where('user_id', '=', old.user_id)
    .where('id', '=', old.id)
    .execute();
}

export async function removeCookies(work: Work, userId: UserId, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await work.db.deleteFrom('cookie').where('user_id', '=', userId).where('id', 'in', ids).execute();
}

export async function removeLabelledCookies(
  work: Work,
  userId: UserId,
  labels: readonly string[],
): Promise<void> {
  if (labels.length === 0) return;
  await work.db.deleteFrom('cookie').where('user_id', '=', userId).where('label', 'in', labels).execute();
}

/** Those of whoever listens under legal hold. */
export async function removeLegalholdCookies(work: Work, userId: UserId): Promise<void> {
  await work.db.deleteFrom('cookie').where('user_id', '=', userId).where('type', '=', 'legalhold').execute();
}

export async function removeAllCookies(work: Work, userId: UserId): Promise<void> {
  await work.db.deleteFrom('cookie').where('user_id', '=', userId).execute();
}

export async function removeExpiredCookies(work: Work, userId: UserId, nowMs: number): Promise<void> {
  await work.db.deleteFrom('cookie').where('user_id', '=', userId).where('expires_at', '<=', nowMs).execute();
}
