import { createHash, randomBytes } from 'node:crypto';
import type { ProviderId } from '#contract/ids.ts';
import type { ProviderActivationRow, ProviderRow, Reader, Work } from '#storage';
import type { Email } from '../needs.ts';

/** Rows of providers and of their addresses that wait to be activated. */

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
  await work.db.deleteFrom('provider_activation').where('provider', '=', id).execute();
  await work.db.deleteFrom('provider').where('id', '=', id).execute();
}

/** What names an address in links. */
export function activationKey(emailKey: string): string {
  return createHash('sha256').update(emailKey).digest('base64url');
}

/** Codes that may be given for one that was mailed. */
const maxTries = 3;
const codeBytes = 15;

/** Begins an activation in place of an earlier one of the address; those that have expired go. */
export async function putActivation(
  work: Work,
  provider: ProviderId,
  email: Email,
  times: { readonly now: number; readonly expiresAt: number },
): Promise<ProviderActivationRow> {
  const key = activationKey(email.key);
  await work.db
    .deleteFrom('provider_activation')
    .where((row) => row.or([row('key', '=', key), row('expires_at', '<=', times.now)]))
    .execute();
  const row: ProviderActivationRow = {
    key,
    provider,
    email: email.text,
    email_key: email.key,
    code: randomBytes(codeBytes).toString('base64url'),
    tries: maxTries,
    expires_at: times.expiresAt,
  };
  await work.db.insertInto('provider_activation').values(row).execute();
  return row;
}

/** An activation that still counts. */
export async function findActivation(
  reader: Reader,
  key: string,
  now: number,
): Promise<ProviderActivationRow | undefined> {
  return await reader
    .selectFrom('provider_activation')
    .selectAll()
    .where('key', '=', key)
    .where('expires_at', '>', now)
    .where('tries', '>', 0)
    .executeTakeFirst();
}

/** Takes one try, and returns the activation; undefined when it does not count any more. */
export async function takeTry(
  work: Work,
  key: string,
  now: number,
): Promise<ProviderActivationRow | undefined> {
  return await work.db
    .updateTable('provider_activation')
    .set((row) => ({ tries: row('tries', '-', 1) }))
    .where('key', '=', key)
    .where('expires_at', '>', now)
    .where('tries', '>', 0)
    .returningAll()
    .executeTakeFirst();
}

export async function giveTryBack(work: Work, key: string): Promise<void> {
  await work.db
    .updateTable('provider_activation')
    .set((row) => ({ tries: row('tries', '+', 1) }))
    .where('key', '=', key)
    .execute();
}
