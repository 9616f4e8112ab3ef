import { createHash, randomBytes } from 'node:crypto';
import type { UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { sameSecret } from '#contract/secrets.ts';
import type { AccountRow, PasswordResetRow, Storage, Work } from '#storage';
import { changeAccount, findAccountByEmailKey, lockAccount } from '../accounts/account-store.ts';
import { parseEmail } from '../accounts/email.ts';
import type { Passwords } from '../accounts/password.ts';
import type { Mailer } from '../mail/mailer.ts';
import { passwordResetMail } from '../mail/messages.ts';
import type { BrigSettings } from '../settings.ts';
import { findAccount } from '../users/user-store.ts';
import { removeAllCookies } from './cookie-store.ts';

export interface PasswordResetNeeds {
  readonly storage: Storage;
  readonly passwords: Passwords;
  readonly mailer: Mailer;
  readonly settings: BrigSettings;
  readonly now: () => number;
}

/** For whoever has forgotten the password: a mailed code sets a new one (reference client-api 2.7). */
export interface PasswordReset {
  /** Mails a code. @throws Refusal `invalid-key`, `code-exists`. */
  begin(email: string | undefined): Promise<void>;
  /** @throws Refusal `invalid-code`, `invalid-key`, `password-must-differ`. */
  complete(
    target: { readonly key?: string; readonly email?: string },
    code: string,
    newPassword: string,
  ): Promise<void>;
  /** The pending code, for operators' tools. @throws Refusal `invalid-key`. */
  find(email: string): Promise<{ readonly key: string; readonly code: string }>;
}

/** Wrong codes that are let through before a code is revoked. */
const maxTries = 3;

export function createPasswordReset(needs: PasswordResetNeeds): PasswordReset {
  const { storage, passwords, mailer, settings, now } = needs;

  async function activeAccount(text: string | undefined): Promise<AccountRow> {
    const email = text === undefined ? undefined : parseEmail(text);
    const account = email && (await findAccountByEmailKey(storage.reader, email.key));
    if (account === undefined || account.status !== 'active') throw refuse('invalid-key');
    return account;
  }

  async function findPending(key: string): Promise<PasswordResetRow | undefined> {
    return await storage.reader
      .selectFrom('password_reset')
      .selectAll()
      .where('key', '=', key)
      .where('expires_at', '>', now())
      .executeTakeFirst();
  }

  /** The user of a right code. A wrong one takes a try, and the last try the code. */
  async function judge(key: string, code: string): Promise<UserId> {
    const row = await storage.work(async ({ db }) => {
      const taken = await db
        .updateTable('password_reset')
        .set((column) => ({ retries: column('retries', '-', 1) }))
        .where('key', '=', key)
        .where('expires_at', '>', now())
        .returningAll()
        .executeTakeFirst();
      if (taken === undefined) return undefined;
      if (sameSecret(code, taken.code)) {
        await db
          .updateTable('password_reset')
          .set((column) => ({ retries: column('retries', '+', 1) }))
          .where('key', '=', key)
          .execute();
        return taken;
      }
      if (taken.retries <= 0) await db.deleteFrom('password_reset').where('key', '=', key).execute();
      return undefined;
    });
    if (row === undefined) throw refuse('invalid-code:password-reset');
    return row.user_id as UserId;
  }

  /** A code sets one password: of two that use it together the later finds it gone. */
  async function spend(work: Work, key: string, code: string): Promise<void> {
    const spent = await work.db
      .deleteFrom('password_reset')
      .where('key', '=', key)
      .where('code', '=', code)
      .returning('key')
      .executeTakeFirst();
    if (spent === undefined) throw refuse('invalid-code:password-reset');
  }

  return {
    async begin(text) {
      const account = await activeAccount(text);
      const row: PasswordResetRow = {
        key: resetKey(account.id),
        user_id: account.id,
        code: randomBytes(24).toString('base64url'),
        retries: maxTries,
        expires_at: now() + settings.passwordResetSeconds * 1000,
      };
      await storage.work(async ({ db }) => {
        await db
          .deleteFrom('password_reset')
          .where('key', '=', row.key)
          .where('expires_at', '<=', now())
          .execute();
        const added = await db
          .insertInto('password_reset')
          .values(row)
          .onConflict((conflict) => conflict.column('key').doNothing())
          .returning('key')
          .executeTakeFirst();
        if (added === undefined) throw refuse('code-exists');
      });
      const { key, code } = row;
      mailer.send(
        passwordResetMail(account.email ?? '', account.name, { key, code, url: settings.passwordResetUrl }),
      );
    },

    async complete({ key: givenKey, email }, code, newPassword) {
      const key = givenKey ?? resetKey((await activeAccount(email)).id);
      const userId = await judge(key, code);
      const account = await findAccount(storage.reader, userId);
      if (account?.password_hash && (await passwords.verify(newPassword, account.password_hash))) {
        throw refuse('password-must-differ');
      }
      const hash = await passwords.hash(newPassword);
      await storage.work(async (work) => {
        await lockAccount(work, userId);
        await spend(work, key, code);
        await changeAccount(work, userId, { password_hash: hash });
        await removeAllCookies(work, userId);
      });
    },

    async find(email) {
      const row = await findPending(resetKey((await activeAccount(email)).id));
      if (row === undefined) throw refuse('invalid-key');
      return { key: row.key, code: row.code };
    },
  };
}

function resetKey(userId: string): string {
  return `${createHash('sha256').update(userId).digest('base64url')}=`;
}
