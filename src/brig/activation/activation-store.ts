import { createHash, randomInt } from 'node:crypto';
import type { ActivationRow, Reader, Work } from '#storage';
import type { EmailAddress } from '../accounts/email.ts';

/** Pending activations: at most one an e-mail, the newest wins (reference client-api 2.4). */

/** Wrong codes that are let through before a code is revoked. */
const maxRetries = 3;

/** URL-safe base64, padded, of SHA-256 over the uniqueness key. */
export function activationKey(emailKey: string): string {
  return `${createHash('sha256').update(emailKey).digest('base64url')}=`;
}

export function randomActivationCode(): string {
  return String(randomInt(1_000_000)).padStart(6, '0');
}

export async function findActivation(
  reader: Reader,
  key: string,
  nowMs: number,
): Promise<ActivationRow | undefined> {
  return await reader
    .selectFrom('activation')
    .selectAll()
    .where('key', '=', key)
    .where('expires_at', '>', nowMs)
    .executeTakeFirst();
}

/** Of each user the address that a code was last made for, which the user may have proven since. */
export async function listNewestEmails(
  reader: Reader,
  users: readonly string[],
  nowMs: number,
): Promise<ReadonlyMap<string, string>> {
  if (users.length === 0) return new Map();
  const rows = await reader
    .selectFrom('activation')
    .select(['user_id', 'email'])
    .where('user_id', 'in', [...users])
    .where('expires_at', '>', nowMs)
    .orderBy('expires_at')
    .execute();
  return new Map(rows.map(({ user_id: user, email }) => [user ?? '', email]));
}

/** What a new pending activation is for. */
export interface NewActivation {
  readonly email: EmailAddress;
  /** Absent when the address has no account yet. */
  readonly userId: string | null;
  readonly code: string;
  readonly expiresAtMs: number;
}

export async function putActivation(work: Work, activation: NewActivation): Promise<ActivationRow> {
  const row: ActivationRow = {
    key: activationKey(activation.email.key),
    email: activation.email.text,
    email_key: activation.email.key,
    code: activation.code,
    user_id: activation.userId,
    retries: maxRetries,
    expires_at: activation.expiresAtMs,
  };
  const { key: _, ...changed } = row;
  await work.db
    .insertInto('activation')
    .values(row)
    .onConflict((conflict) => conflict.column('key').doUpdateSet(changed))
    .execute();
  return row;
}

/**
 * Takes one retry before the code is looked at, so that guesses that arrive together each cost one. The row as it is
 * after that; undefined when nothing is pending.
 */
export async function takeRetry(work: Work, key: string, nowMs: number): Promise<ActivationRow | undefined> {
  return await work.db
    .updateTable('activation')
    .set((row) => ({ retries: row('retries', '-', 1) }))
    .where('key', '=', key)
    .where('expires_at', '>', nowMs)
    .returningAll()
    .executeTakeFirst();
}

/** After a right code: the retry that it took. */
export async function giveRetryBack(work: Work, key: string): Promise<void> {
  await work.db
    .updateTable('activation')
    .set((row) => ({ retries: row('retries', '+', 1) }))
    .where('key', '=', key)
    .execute();
}

export async function removeActivation(work: Work, key: string): Promise<void> {
  await work.db.deleteFrom('activation').where('key', '=', key).execute();
}
