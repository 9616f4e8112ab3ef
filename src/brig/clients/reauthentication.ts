import type { UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { AccountRow, Reader } from '#storage';
import type { Passwords } from '../accounts/password.ts';
import { findAccount } from '../users/user-store.ts';

/** That a user has just given its password. Good only while the account has the very hash that was checked. */
export interface Proof {
  readonly passwordHash: string | null;
}

/**
 * Checks a password outside of any unit of work. An account without a password passes when none is given.
 * @throws Refusal `missing-auth`, `invalid-credentials`.
 */
export async function reauthenticate(
  reader: Reader,
  passwords: Passwords,
  userId: UserId,
  password: string | undefined,
): Promise<Proof> {
  const account = await findAccount(reader, userId);
  const passwordHash = account?.password_hash ?? null;
  if (password === undefined) {
    if (passwordHash !== null) throw refuse('missing-auth');
  } else if (!(await passwords.verify(password, passwordHash))) {
    throw refuse('invalid-credentials');
  }
  return { passwordHash };
}

/** Whether what was proven is still so. */
export function holds(proof: Proof, account: AccountRow): boolean {
  return proof.passwordHash === account.password_hash;
}
