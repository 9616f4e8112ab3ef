import type { UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Storage } from '#storage';
import type { FailedLoginBudget } from '../settings.ts';

/** How often a wrong password may be tried for one account. */
export interface LoginBudget {
  /**
   * Takes one attempt before the password is looked at, so that guesses that arrive together each cost one.
   * @throws Refusal `client-error` (403) with `Retry-After` when none is left.
   */
  take(userId: UserId): Promise<void>;
  /** After a right password: the attempt that it took. */
  giveBack(userId: UserId): Promise<void>;
}

export function createLoginBudget(
  storage: Storage,
  budget: FailedLoginBudget | undefined,
  now: () => number,
): LoginBudget {
  if (budget === undefined) return { take: async () => {}, giveBack: async () => {} };
  const { attempts, windowSeconds } = budget;
  return {
    async take(userId) {
      const left = await storage.work(async ({ db }) => {
        await db
          .deleteFrom('login_failure')
          .where('user_id', '=', userId)
          .where('window_ends_at', '<=', now())
          .execute();
        const taken = await db
          .insertInto('login_failure')
          .values({ user_id: userId, attempts: 1, window_ends_at: now() + windowSeconds * 1000 })
          .onConflict((conflict) =>
            conflict
              .column('user_id')
              .doUpdateSet((row) => ({ attempts: row('login_failure.attempts', '+', 1) }))
              .where('login_failure.attempts', '<', attempts),
          )
          .returning('attempts')
          .executeTakeFirst();
        if (taken !== undefined) return undefined;
        return await db
          .selectFrom('login_failure')
          .select('window_ends_at')
          .where('user_id', '=', userId)
          .executeTakeFirst();
      });
      if (left === undefined) return;
      const seconds = Math.max(1, Math.ceil((left.window_ends_at - now()) / 1000));
      throw refuse('client-error:too-many-failed-logins', { headers: { 'retry-after': String(seconds) } });
    },

    async giveBack(userId) {
      await storage.work(({ db }) =>
        db
          .updateTable('login_failure')
          .set((row) => ({ attempts: row('attempts', '-', 1) }))
          .where('user_id', '=', userId)
          .where('attempts', '>', 0)
          .execute(),
      );
    },
  };
}
