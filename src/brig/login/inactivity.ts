import type { UserId } from '#contract/ids.ts';
import type { Storage } from '#storage';
import type { AccountChanges } from '../accounts/account-changes.ts';
import { listCookies } from './cookie-store.ts';

/** Suspends accounts that nobody has used for longer than the operator allows (reference client-api 2.5, 2.6). */
export interface Inactivity {
  /** Suspends the user when it has cookies and none of them is young enough; true when it did. */
  suspend(userId: UserId): Promise<boolean>;
}

/** @param limitSeconds undefined: never. Longer than the renew age of cookies, whose creation tells of use. */
export function createInactivity(
  storage: Storage,
  changes: AccountChanges,
  limitSeconds: number | undefined,
  now: () => number,
): Inactivity {
  return {
    async suspend(userId) {
      if (limitSeconds === undefined) return false;
      const cookies = await listCookies(storage.reader, userId, now());
      const newest = cookies.at(-1);
      if (newest === undefined || newest.created_at >= now() - limitSeconds * 1000) return false;
      await changes.setStatus(userId, 'suspended');
      return true;
    },
  };
}
