import type { VerificationAction } from '#contract/client/login.ts';
import type { UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { AccountRow, Storage } from '#storage';
import { findAccountByEmailKey, lockAccount } from '../accounts/account-store.ts';
import { parseEmail } from '../accounts/email.ts';
import type { AccountTeams } from '../accounts/team-needs.ts';
import type { Mailer } from '../mail/mailer.ts';
import { verificationMail } from '../mail/messages.ts';
import type { BrigSettings } from '../settings.ts';
import { teamOf } from '../users/profile.ts';
import { singleSignOnOf } from '../users/single-sign-on.ts';
import { findCode, findSentAt, judgeCode, putCode } from './verification-codes.ts';

/**
 * A mailed code beside the password, for members of teams whose feature `sndFactorPasswordChallenge` is on (reference
 * client-api 2.5, 2.7).
 */
export interface SecondFactor {
  /**
   * Mails a code for an action. Whoever asks does not learn whether anybody has the address and needs one.
   * @throws Refusal `too-many-requests` with `Retry-After` when the last one is too young.
   */
  send(email: string, action: VerificationAction): Promise<void>;
  /**
   * The code is needed and right, or not needed. Outside of any unit of work.
   * @throws Refusal `code-authentication-required`, `code-authentication-failed`.
   */
  assert(
    account: AccountRow | undefined,
    action: VerificationAction,
    code: string | null | undefined,
  ): Promise<void>;
  /** The pending code, for operators' tools. */
  find(userId: UserId, action: VerificationAction): Promise<string | undefined>;
}

export interface SecondFactorNeeds {
  readonly storage: Storage;
  readonly teams: Pick<AccountTeams, 'asksSecondFactor'>;
  readonly mailer: Mailer;
  readonly settings: BrigSettings;
  readonly now: () => number;
}

export function createSecondFactor({
  storage,
  teams,
  mailer,
  settings,
  now,
}: SecondFactorNeeds): SecondFactor {
  /** Who comes from an identity provider was asked for as much there. */
  async function isAskedOf(account: AccountRow): Promise<boolean> {
    if (singleSignOnOf(account).saml !== undefined) return false;
    const team = teamOf(account);
    return team !== undefined && (await teams.asksSecondFactor(team));
  }

  /** Undefined when the account has lost the address meanwhile. */
  async function makeCode(
    { id, email }: AccountRow,
    action: VerificationAction,
  ): Promise<string | undefined> {
    const owner = { userId: id as UserId, action };
    return await storage.work(async (work) => {
      // Of two that ask together, the later finds the code of the earlier.
      const account = await lockAccount(work, owner.userId);
      if (account?.email !== email) return undefined;
      const sentAt = await findSentAt(work.reader, owner);
      const free = sentAt === undefined ? 0 : sentAt + settings.verificationDelaySeconds * 1000;
      if (free > now()) {
        const seconds = String(Math.ceil((free - now()) / 1000));
        throw refuse('too-many-requests:verification-code', { headers: { 'retry-after': seconds } });
      }
      return await putCode(work, owner, now(), now() + settings.verificationCodeSeconds * 1000);
    });
  }

  return {
    async send(text, action) {
      const email = parseEmail(text);
      const account = email && (await findAccountByEmailKey(storage.reader, email.key));
      if (account === undefined || account.email === null || !(await isAskedOf(account))) return;
      const code = await makeCode(account, action);
      if (code !== undefined) mailer.send(verificationMail(account.email, account.name, code, action));
    },

    async assert(account, action, code) {
      if (account === undefined || !(await isAskedOf(account))) return;
      if (code === undefined || code === null) throw refuse('code-authentication-required');
      const owner = { userId: account.id as UserId, action };
      if (await storage.work((work) => judgeCode(work, owner, code, now()))) return;
      throw refuse('code-authentication-failed');
    },

    find: (userId, action) => findCode(storage.reader, { userId, action }, now()),
  };
}
