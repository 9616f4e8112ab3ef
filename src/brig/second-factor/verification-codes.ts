import { randomInt } from 'node:crypto';
import type { VerificationAction } from '#contract/client/login.ts';
import type { UserId } from '#contract/ids.ts';
import { sameSecret } from '#contract/secrets.ts';
import type { Reader, VerificationCodeRow, Work } from '#storage';

/** The table `verification_code`: of a user and an action, the newest code alone counts (reference client-api 2.7). */

/** Codes that may be given for one that was mailed; wire-server's number. */
const maxTries = 3;

/** Which code of whom. */
export interface CodeOwner {
  readonly userId: UserId;
  readonly action: VerificationAction;
}

/** When the newest code was sent, whether it still counts or not; undefined when none ever was. */
export async function findSentAt(reader: Reader, { userId, action }: CodeOwner): Promise<number | undefined> {
  const row = await reader
    .selectFrom('verification_code')
    .select('sent_at')
    .where('user_id', '=', userId)
    .where('action', '=', action)
    .executeTakeFirst();
  return row?.sent_at;
}

/** A code that can be given right now. */
export async function findCode(
  reader: Reader,
  { userId, action }: CodeOwner,
  now: number,
): Promise<string | undefined> {
  const row = await reader
    .selectFrom('verification_code')
    .select('code')
    .where('user_id', '=', userId)
    .where('action', '=', action)
    .where('expires_at', '>', now)
    .where('tries', '>', 0)
    .executeTakeFirst();
  return row?.code;
}

/** Makes a code in place of an earlier one. */
export async function putCode(
  work: Work,
  { userId, action }: CodeOwner,
  now: number,
  expiresAt: number,
): Promise<string> {
  const changed = {
    code: String(randomInt(1_000_000)).padStart(6, '0'),
    tries: maxTries,
    sent_at: now,
    expires_at: expiresAt,
  };
  const row: VerificationCodeRow = { user_id: userId, action, ...changed };
  await work.db
    .insertInto('verification_code')
    .values(row)
    .onConflict((conflict) => conflict.columns(['user_id', 'action']).doUpdateSet(changed))
    .execute();
  return changed.code;
}

/**
 * Whether the code is right. It stays good until it expires: a client that logs in gives it again to register itself.
 * A try is taken before the code is looked at, so that guesses that arrive together each cost one.
 */
export async function judgeCode(
  work: Work,
  { userId, action }: CodeOwner,
  code: string,
  now: number,
): Promise<boolean> {
  const row = await work.db
    .updateTable('verification_code')
    .set((column) => ({ tries: column('tries', '-', 1) }))
    .where('user_id', '=', userId)
    .where('action', '=', action)
    .where('expires_at', '>', now)
    .where('tries', '>', 0)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined || !sameSecret(code, row.code)) return false;
  await work.db
    .updateTable('verification_code')
    .set((column) => ({ tries: column('tries', '+', 1) }))
    .where('user_id', '=', userId)
    .where('action', '=', action)
    .execute();
  return true;
}
