import type { UserUpdate } from '#contract/client/self.ts';
import type { UserId } from '#contract/ids.ts';
import type { AccountStatus } from '#contract/internal/users.ts';
import type { SelfProfile } from '#contract/profiles.ts';
import { refuse } from '#contract/refusal.ts';
import type { AccountRow, Storage, Work } from '#storage';
import type { Origin } from '../connections/needs.ts';
import { removeAllCookies } from '../login/cookie-store.ts';
import { indexAccount } from '../search/search-index.ts';
import { changeAccount, lockAccount } from './account-store.ts';
import { hasIdentity } from './identity.ts';
import type { ProfileChange, UserEvents } from './user-events.ts';

/** What may change of an account after it was made (reference client-api 3.1); handles are in `handles/`. */
export interface AccountChanges {
  /**
   * @param asker an operator may also name users whose profile SCIM manages.
   * @throws Refusal `not-found:user`, `managed-by-scim`.
   */
  update(userId: UserId, update: UserUpdate, asker: 'user' | 'operator', origin?: Origin): Promise<void>;
  setLocale(userId: UserId, locale: string, origin: Origin): Promise<void>;
  setSupportedProtocols(
    userId: UserId,
    protocols: SelfProfile['supported_protocols'],
    origin: Origin,
  ): Promise<void>;
  /** Suspends an account or lifts that. @throws Refusal `not-found:user`, `bad-request`. */
  setStatus(userId: UserId, status: AccountStatus): Promise<void>;
}

export function createAccountChanges(storage: Storage, userEvents: UserEvents): AccountChanges {
  /** Changes an account that is not deleted, and the search index with it; `tell` says whom it concerns. */
  async function change(
    userId: UserId,
    changeOf: (account: AccountRow) => Partial<AccountRow>,
    tell: (work: Work, account: AccountRow) => Promise<void> = async () => undefined,
  ): Promise<void> {
    await storage.work(async (work) => {
      const account = await lockAccount(work, userId);
      if (account === undefined || account.status === 'deleted') throw refuse('not-found:user');
      const changed = changeOf(account);
      if (Object.keys(changed).length === 0) return;
      const row = await changeAccount(work, userId, changed);
      if (row !== undefined) await indexAccount(work, row);
      if (changed.status === 'suspended') await removeAllCookies(work, userId);
      await tell(work, row ?? account);
    });
  }

  return {
    async update(userId, update, asker, origin) {
      await change(
        userId,
        (account) => {
          const named = update.name !== undefined && update.name !== account.name;
          if (named && asker === 'user' && account.managed_by === 'scim') throw refuse('managed-by-scim');
          return columnsOf(update);
        },
        (work, account) => userEvents.profileChanged(work, account, givenOf(update), origin),
      );
    },

    async setLocale(userId, text, origin) {
      const locale = text.replace('_', '-');
      await change(
        userId,
        () => ({ locale }),
        (work) => userEvents.localeChanged(work, userId, locale, origin),
      );
    },

    async setSupportedProtocols(userId, protocols, origin) {
      const distinct = [...new Set(protocols)];
      await change(
        userId,
        () => ({ supported_protocols: JSON.stringify(distinct) }),
        (work, account) =>
          userEvents.profileChanged(work, account, { supported_protocols: distinct }, origin),
      );
    },

    async setStatus(userId, status) {
      if (status !== 'active' && status !== 'suspended') {
        throw refuse('bad-request', { message: `status: found ${status}, expected active or suspended` });
      }
      // An account without an identity goes back to waiting for one.
      await change(userId, (account) => {
        const active = hasIdentity(account) ? 'active' : 'pending';
        return { status: status === 'active' ? active : status };
      });
    },
  };
}

function columnsOf({ name, accent_id: accentId, picture, assets }: UserUpdate): Partial<AccountRow> {
  return {
    ...(name === undefined ? {} : { name }),
    ...(accentId === undefined ? {} : { accent_id: accentId }),
    ...(picture === undefined ? {} : { picture: JSON.stringify(picture) }),
    ...(assets === undefined ? {} : { assets: JSON.stringify(assets) }),
  };
}

/** The members that are to be told: those that were given. */
function givenOf({ name, accent_id, picture, assets }: UserUpdate): ProfileChange {
  return {
    ...(name === undefined ? {} : { name }),
    ...(accent_id === undefined ? {} : { accent_id }),
    ...(picture === undefined ? {} : { picture }),
    ...(assets === undefined ? {} : { assets }),
  };
}
