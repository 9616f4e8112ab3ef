import { createHash } from 'node:crypto';
import type { ProviderId } from '#contract/ids.ts';
import type { ProviderCodeRow, Reader, Work } from '#storage';

/** The table `provider_code`: of an address and a purpose, the newest code alone counts. */

export type CodePurpose = 'activation' | 'password-reset';

/** Which code of which address. */
export interface CodeName {
  readonly key: string;
  readonly purpose: CodePurpose;
}

/** What names an address in links. */
export function codeKey(emailKey: string): string {
  return createHash('sha256').update(emailKey).digest('base64url');
}

/** The newest code, whether it still counts or not. */
export async function findNewestCode(
  reader: Reader,
  { key, purpose }: CodeName,
): Promise<ProviderCodeRow | undefined> {
  return await reader
    .selectFrom('provider_code')
    .selectAll()
    .where('key', '=', key)
    .where('purpose', '=', purpose)
    .executeTakeFirst();
}

/** A code that can be given right now. */
export async function findCode(
  reader: Reader,
  name: CodeName,
  now: number,
): Promise<ProviderCodeRow | undefined> {
  const row = await findNewestCode(reader, name);
  return row !== undefined && row.expires_at > now && row.tries > 0 ? row : undefined;
}

/** Which earlier code gives way: one that was sent and, where that is asked for, has expired by these times. */
export interface Replaceable {
  readonly sentBy: number;
  readonly expiredBy: number;
}

/** Puts a code in place of an earlier one; false when that does not give way yet. */
export async function putCode(
  work: Work,
  row: ProviderCodeRow,
  { sentBy, expiredBy }: Replaceable,
): Promise<boolean> {
  const { key: _, purpose: __, ...changed } = row;
  const put = await work.db
    .insertInto('provider_code')
    .values(row)
    .onConflict((conflict) =>
      conflict
        .columns(['key', 'purpose'])
        .doUpdateSet(changed)
        .where('provider_code.sent_at', '<=', sentBy)
        .where('provider_code.expires_at', '<=', expiredBy),
    )
    .returning('key')
    .executeTakeFirst();
  return put !== undefined;
}

/** Codes that neither count any more nor keep others from being sent. */
export async function removeOldCodes(work: Work, { sentBy, expiredBy }: Replaceable): Promise<void> {
  await work.db
    .deleteFrom('provider_code')
    .where('expires_at', '<=', expiredBy)
    .where('sent_at', '<=', sentBy)
    .execute();
}

/**
 * Takes one try before the code is looked at, so that guesses that arrive together each cost one. Undefined when there
 * is no code that counts.
 */
export async function takeTry(
  work: Work,
  { key, purpose }: CodeName,
  now: number,
): Promise<ProviderCodeRow | undefined> {
  return await work.db
    .updateTable('provider_code')
    .set((row) => ({ tries: row('tries', '-', 1) }))
    .where('key', '=', key)
    .where('purpose', '=', purpose)
    .where('expires_at', '>', now)
    .where('tries', '>', 0)
    .returningAll()
    .executeTakeFirst();
}

/** After a right code: the try that it took. */
export async function giveTryBack(work: Work, { key, purpose }: CodeName): Promise<void> {
  await work.db
    .updateTable('provider_code')
    .set((row) => ({ tries: row('tries', '+', 1) }))
    .where('key', '=', key)
    .where('purpose', '=', purpose)
    .execute();
}

/** Ends a code that still counts; when it was sent stays known. False when it does not count any more. */
export async function endCode(
  work: Work,
  { key, purpose, code }: Pick<ProviderCodeRow, 'key' | 'purpose' | 'code'>,
  now: number,
): Promise<boolean> {
  const ended = await work.db
    .updateTable('provider_code')
    .set({ expires_at: now })
    .where('key', '=', key)
    .where('purpose', '=', purpose)
    .where('code', '=', code)
    .where('expires_at', '>', now)
    .returning('key')
    .executeTakeFirst();
  return ended !== undefined;
}

/** Removes what was mailed to an address that its provider has left. */
export async function removeCodesTo(work: Work, provider: ProviderId, emailKey: string): Promise<void> {
  await work.db
    .deleteFrom('provider_code')
    .where('key', '=', codeKey(emailKey))
    .where('provider', '=', provider)
    .execute();
}

export async function removeCodesOf(work: Work, provider: ProviderId): Promise<void> {
  await work.db.deleteFrom('provider_code').where('provider', '=', provider).execute();
}
