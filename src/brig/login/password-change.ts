import type { UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Storage } from '#storage';
import { changeAccount, lockAccount } from '../accounts/account-store.ts';
import { hasIdentity } from '../accounts/identity.ts';
import type { Passwords } from '../accounts/password.ts';
import { findAccount } from '../users/user-store.ts';
import { removeAllCookies, removeCookies, removeLabelledCookies } from './cookie-store.ts';

/** What a logged-in user does with its password (reference client-api 2.7). */
export interface PasswordChange {
  /**
   * Sets the password or, with the old one, changes it; revokes all cookies.
   * @throws Refusal `no-identity`, `invalid-credentials`, `password-must-differ`.
   */
  change(userId: UserId, oldPassword: string | undefined, newPassword: string): Promise<void>;
  /** Revokes cookies by id or label, all when neither is given. @throws Refusal `invalid-credentials`. */
  revokeCookies(
    userId: UserId,
    password: string,
    which: { readonly ids: readonly number[]; readonly labels: readonly string[] },
  ): Promise<void>;
}

export function createPasswordChange(storage: Storage, passwords: Passwords): PasswordChange {
  /** The stored hash after the old password was found right; passwords are judged outside units of work. */
  async function authenticate(userId: UserId, password: string | undefined): Promise<string | null> {
    const account = await findAccount(storage.reader, userId);
    if (account === undefined) throw refuse('invalid-credentials');
    if (!hasIdentity(account)) throw refuse('no-identity');
    if (account.password_hash === null) return null;
    if (password === undefined || !(await passwords.verify(password, account.password_hash))) {
      throw refuse('invalid-credentials');
    }
    return account.password_hash;
  }

  return {
    async change(userId, oldPassword, newPassword) {
      const oldHash = await authenticate(userId, oldPassword);
      if (oldHash !== null && (await passwords.verify(newPassword, oldHash))) {
        throw refuse('password-must-differ');
      }
      const newHash = await passwords.hash(newPassword);
      await storage.work(async (work) => {
        const account = await lockAccount(work, userId);
        if (account?.password_hash !== oldHash) throw refuse('invalid-credentials');
        await changeAccount(work, userId, { password_hash: newHash });
        await removeAllCookies(work, userId);
      });
    },

    async revokeCookies(userId, password, { ids, labels }) {
      const account = await findAccount(storage.reader, userId);
      if (!(await passwords.verify(password, account?.password_hash ?? null))) {
        throw refuse('invalid-credentials');
      }
      await storage.work(async (work) => {
        if (ids.length === 0 && labels.length === 0) return await removeAllCookies(work, userId);
        await removeCookies(work, userId, ids);
        await removeLabelledCookies(work, userId, labels);
      });
    },
  };
}
