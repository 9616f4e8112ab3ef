import type { UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Storage } from '#storage';
import { lockAccount } from '../accounts/account-store.ts';
import type { Passwords } from '../accounts/password.ts';
import type { AccountTeams } from '../accounts/team-needs.ts';
import { reauthenticate } from '../clients/reauthentication.ts';
import { loginEnded } from '../telemetry.ts';
import { teamOf } from '../users/profile.ts';
import { findAccount } from '../users/user-store.ts';
import type { Inactivity } from './inactivity.ts';
import { assertMayLogIn, type LoggedIn } from './login.ts';
import type { CookieType, Sessions } from './sessions.ts';

/** Logins that a service of this backend vouches for; they end as the others do (reference client-api 2.5). */
export interface VouchedLogin {
  /**
   * Logs a user in without credentials.
   * @throws Refusal `invalid-credentials`, `pending-activation`, `suspended`, `ephemeral`, `client-error`
   */
  bySso(user: UserId, type: CookieType, label: string | null): Promise<LoggedIn>;
  /**
   * Logs the legal hold service of a user in, who agrees with its password if it has one.
   * @throws Refusal as `bySso`; `missing-auth`, `no-binding-team`, `legalhold-not-enabled`
   */
  byLegalhold(user: UserId, password: string | undefined, label: string | null): Promise<LoggedIn>;
}

interface Needs {
  readonly storage: Storage;
  readonly passwords: Passwords;
  readonly sessions: Sessions;
  readonly inactivity: Inactivity;
  readonly teams: Pick<AccountTeams, 'isLegalholdEnabled'>;
}

export function createVouchedLogin({ storage, passwords, sessions, inactivity, teams }: Needs): VouchedLogin {
  async function startSession(
    userId: UserId,
    type: CookieType | 'legalhold',
    label: string | null,
  ): Promise<LoggedIn> {
    if (await inactivity.suspend(userId)) throw refuse('suspended');
    const cookie = await storage.work(async (work) => {
      const account = await lockAccount(work, userId);
      if (account === undefined) throw refuse('invalid-credentials');
      assertMayLogIn(account);
      return await sessions.addWithinLimits(work, { userId, type, label });
    });
    loginEnded('ok');
    return { token: sessions.accessToken(cookie, undefined), cookie };
  }

  return {
    bySso: startSession,

    async byLegalhold(user, password, label) {
      await reauthenticate(storage.reader, passwords, user, password);
      const account = await findAccount(storage.reader, user);
      const team = account && teamOf(account);
      if (team === undefined) throw refuse('no-binding-team');
      if (!(await teams.isLegalholdEnabled(team))) throw refuse('legalhold-not-enabled');
      return await startSession(user, 'legalhold', label);
    },
  };
}
