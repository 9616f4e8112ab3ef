import type { UserUpdate } from '#contract/client/self.ts';
import type { UserId } from '#contract/ids.ts';
import type { AccountStatus } from '#contract/internal/users.ts';
import type { SelfProfile } from '#contract/profiles.ts';
import { refuse } from '#contract/refusal.ts';
import type { AccountRow, Storage } from '#storage';
import { removeAllCookies } from '../login/cookie-store.ts';
import { indexAccount } from '../search/search-index.ts';
import { changeAccount, lockAccount } from './account-store.ts';

/** What may change of an account after it was made (reference client-api 3.1); handles are in `handles/`. */
export interface AccountChanges {
  /**
   * @param asker an operator may also name users whose profile SCIM manages.
   * @throws Refusal `not-found:user`, `managed-by-scim`.
   */
  update(userId: UserId, update: UserUpdate, asker: 'user' | 'operator'): Promise<void>;
  setLocale(userId: UserId, locale: string): Promise<void>;
  setSupportedProtocols(userId: UserId, protocols: SelfProfile['supported_protocols']): Promise<void>;
  /** Suspends an account or lifts that. @throws Refusal `not-found:user`, `bad-request`. */
  setStatus(userId: UserId, status: AccountStatus): Promise<void>;
}

export function createAccountChanges(storage: Storage): AccountChanges {
  /** Changes an account that is not deleted, and the search index with it. */
  async function change(
    userId: UserId,
    changeOf: (account: AccountRow) => Partial<AccountRow>,
  ): Promise<void> {
    await storage.work(async (work) => {
      const account = await lockAccount(work, userId);
      if (account === undefined || account.status === 'deleted') throw refuse('not-found:user');
      const changed = changeOf(account);
      if (Object.keys(changed).length === 0) return;
      const row = await changeAccount(work, userId, changed);
      if (row !== undefined) await indexAccount(work, row);
      if (changed.status === 'suspended') await removeAllCookies(work, userId);
    });
  }

  return {
    async update(userId, update, asker) {
      await change(userId, (account) => {
        const named = update.name !== undefined && update.name !== account.name;
        if (named && asker === 'user' && account.managed_by === 'scim') throw refuse('managed-by-scim');
        return {
          ...(update.name === undefined ? {} : { name: update.name }),
          ...(update.accent_id === undefined ? {} : { accent_id: update.accent_id }),
          ...(update.picture === undefined ? {} : { picture: JSON.stringify(update.picture) }),
          ...(update.assets === undefined ? {} : { assets: JSON.stringify(update.assets) }),
        };
      });
    },

    async setLocale(userId, locale) {
      await change(userId, () => ({ locale: locale.replace('_', '-') }));
    },

    async setSupportedProtocols(userId, protocols) {
      await change(userId, () => ({ supported_protocols: JSON.stringify([...new Set(protocols)]) }));
    },

    async setStatus(userId, status) {
      if (status !== 'active' && status !== 'suspended') {
        throw refuse('bad-request', { message: `status: found ${status}, expected active or suspended` });
      }
      // An account without an identity goes back to waiting for one.
      await change(userId, (account) => {
        const active = account.email_key === null ? 'pending' : 'active';
        return { status: status === 'active' ? active : status };
      });
    },
  };
}
