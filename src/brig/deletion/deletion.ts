import type { UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { AccountRow, Storage } from '#storage';
import { lockAccount } from '../accounts/account-store.ts';
import type { Passwords } from '../accounts/password.ts';
import type { AccountTeams } from '../accounts/team-needs.ts';
import type { Origin } from '../connections/needs.ts';
import type { Mailer } from '../mail/mailer.ts';
import { deletionMail } from '../mail/messages.ts';
import { log } from '../telemetry.ts';
import { teamOf } from '../users/profile.ts';
import { findAccount } from '../users/user-store.ts';
import type { AccountRemoval } from './account-removal.ts';
import { beginDeletion, judgeDeletionCode } from './deletion-codes.ts';

export interface DeletionNeeds {
  readonly storage: Storage;
  readonly passwords: Passwords;
  readonly mailer: Mailer;
  readonly removal: AccountRemoval;
  readonly teams: Pick<AccountTeams, 'isOwner'>;
  readonly deletionUrl: string;
  readonly now: () => number;
}

/** Who may delete an account, and how (reference client-api 3.1). */
export interface Deletion extends AsyncDisposable {
  /**
   * @returns undefined when the account is gone; else in how many seconds the mailed code expires.
   * @throws Refusal `invalid-user`, `no-self-delete-for-team-owner`, `invalid-credentials`, `pending-delete`.
   */
  request(user: UserId, password: string | undefined, origin: Origin): Promise<number | undefined>;
  /** @throws Refusal `invalid-code`. */
  confirm(key: string, code: string): Promise<void>;
  /** @throws Refusal `not-found:user`. */
  removeByOperator(user: UserId): Promise<'deleted' | 'deleted-before'>;
  /** Deletes ephemeral users that are past their time, behind the read that has found them. */
  removeExpired(accounts: readonly AccountRow[]): void;
}

export function createDeletion(needs: DeletionNeeds): Deletion {
  const { storage, passwords, mailer, removal, teams, now } = needs;
  const underWay = new Map<string, Promise<void>>();

  async function assertNoOwner(account: AccountRow): Promise<void> {
    const team = teamOf(account);
    if (team === undefined || (account.status !== 'active' && account.status !== 'suspended')) return;
    if (await teams.isOwner(storage.reader, team, account.id as UserId)) {
      throw refuse('no-self-delete-for-team-owner');
    }
  }

  async function mailCode(user: UserId): Promise<number> {
    const { account, begun } = await storage.work(async (work) => ({
      account: await lockAccount(work, user),
      begun: await beginDeletion(work, user, now()),
    }));
    const { row, isNew } = begun;
    const expiresIn = Math.max(1, Math.ceil((row.expires_at - now()) / 1000));
    if (!isNew) throw refuse('pending-delete', { extra: { expires_in: expiresIn } });
    if (account?.email != null) {
      const { key, code } = row;
      mailer.send(deletionMail(account.email, account.name, { key, code, url: needs.deletionUrl }));
    }
    return expiresIn;
  }

  async function removeExpiredOne(user: UserId): Promise<void> {
    const isDue = (account: AccountRow) => isExpired(account, now());
    await removal.remove(user, 'expiry', { allowed: async (_work, account) => isDue(account) });
  }

  return {
    async request(user, password, origin) {
      const account = await findAccount(storage.reader, user);
      if (account === undefined) throw refuse('invalid-user');
      if (account.status === 'deleted') return undefined;
      await assertNoOwner(account);
      if (password === undefined && account.email_key !== null) return await mailCode(user);
      if (password !== undefined) {
        const { password_hash: hash } = account;
        if (hash === null || !(await passwords.verify(password, hash))) throw refuse('invalid-credentials');
      }
      await removal.remove(user, 'self', { origin });
      return undefined;
    },

    async confirm(key, code) {
      const user = await storage.work((work) => judgeDeletionCode(work, key, code, now()));
      if (user === undefined) throw refuse('invalid-code:verification');
      await removal.remove(user, 'self');
    },

    async removeByOperator(user) {
      if (await removal.remove(user, 'operator')) return 'deleted';
      if ((await findAccount(storage.reader, user)) === undefined) throw refuse('not-found:user');
      return 'deleted-before';
    },

    removeExpired(accounts) {
      for (const { id } of accounts.filter((account) => isExpired(account, now()))) {
        if (underWay.has(id)) continue;
        const removed = removeExpiredOne(id as UserId)
          // The next read of the user tries again.
          .catch((error) => log.warn({ err: error, user: id }, 'an expired user could not be deleted'))
          .finally(() => underWay.delete(id));
        underWay.set(id, removed);
      }
    },

    async [Symbol.asyncDispose]() {
      await Promise.all(underWay.values());
    },
  };
}

function isExpired(account: AccountRow, now: number): boolean {
  return account.status === 'ephemeral' && account.expires_at !== null && account.expires_at <= now;
}
