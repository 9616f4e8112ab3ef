import type { UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { sameSecret } from '#contract/secrets.ts';
import type { AccountRow, ActivationRow, Storage, Work } from '#storage';
import {
  changeAccount,
  findAccountByEmailKey,
  lockAccount,
  workRefusingTaken,
} from '../accounts/account-store.ts';
import { type EmailAddress, readEmail } from '../accounts/email.ts';
import type { EmailRules } from '../accounts/email-rules.ts';
import type { UserEvents } from '../accounts/user-events.ts';
import type { Mailer } from '../mail/mailer.ts';
import { activationMail, emailChangeMail } from '../mail/messages.ts';
import { indexAccount } from '../search/search-index.ts';
import type { BrigSettings } from '../settings.ts';
import { findAccount } from '../users/user-store.ts';
import {
  activationKey,
  findActivation,
  giveRetryBack,
  putActivation,
  randomActivationCode,
  removeActivation,
  takeRetry,
} from './activation-store.ts';

/**
 * Activation: an e-mail becomes an identity of an account once somebody gave the code that was mailed to it
 * (reference client-api 2.4). A code may be asked for before the account exists; registration then takes it along.
 */
export interface ActivationNeeds {
  readonly storage: Storage;
  readonly settings: BrigSettings;
  readonly emailRules: EmailRules;
  readonly userEvents: UserEvents;
  readonly mailer: Mailer;
  readonly now: () => number;
}

/** `first`: the account got its first identity; `changed`: another one; `unchanged`: it had this one already. */
export interface Activated {
  readonly outcome: 'first' | 'changed' | 'unchanged';
  readonly email: string;
}

export interface Activation {
  /** Mails a code to an address that is nobody's yet; asked again, the same code while it lasts. */
  sendCode(email: string): Promise<void>;
  /** Starts the activation of an address for an account, inside the unit of work that needs it. */
  begin(work: Work, email: EmailAddress, userId: UserId): Promise<ActivationRow>;
  /** Mails the code of a started activation; call it after the commit. */
  mail(row: ActivationRow, account: AccountRow): void;
  /** Judges a code; what comes of a right one is up to the caller. Wrong ones are counted when the work commits. */
  judge(work: Work, key: string, code: string): Promise<ActivationRow | undefined>;
  /** @throws Refusal `invalid-code`, `key-exists`. */
  activate(key: string, code: string): Promise<Activated>;
  /** Only tries the code; a wrong one counts all the same. @throws Refusal `invalid-code`. */
  tryCode(key: string, code: string): Promise<void>;
  /** The key under which the code of this address is pending. @throws Refusal `invalid-email`. */
  keyOf(email: string): string;
}

export function createActivation(needs: ActivationNeeds): Activation {
  const { storage, settings, mailer, now } = needs;

  async function judge(work: Work, key: string, code: string): Promise<ActivationRow | undefined> {
    const row = await takeRetry(work, key, now());
    if (row === undefined) return undefined;
    if (sameSecret(code, row.code)) {
      await giveRetryBack(work, key);
      return row;
    }
    if (row.retries < 0) await removeActivation(work, key);
    return undefined;
  }

  async function begin(work: Work, email: EmailAddress, userId: UserId | null): Promise<ActivationRow> {
    return await putActivation(work, {
      email,
      userId,
      code: randomActivationCode(),
      expiresAtMs: now() + settings.activationCodeSeconds * 1000,
    });
  }

  async function tellActivated(work: Work, userId: UserId, given: Activated | undefined): Promise<void> {
    if (given?.outcome === 'changed') await needs.userEvents.emailChanged(work, userId, given.email);
    if (given?.outcome !== 'first') return;
    const account = await findAccount(work.reader, userId);
    if (account !== undefined) await needs.userEvents.activated(work, account);
  }

  function mail(row: ActivationRow, account: AccountRow | undefined): void {
    const code = { key: row.key, code: row.code, url: settings.activationUrl };
    if (account === undefined || account.email_key === null) {
      mailer.send(activationMail(row.email, account?.name, code));
    } else {
      mailer.send(emailChangeMail(row.email, account.name, code));
    }
  }

  return {
    begin,
    mail,
    judge,
    keyOf: (email) => activationKey(readEmail(email).key),

    async sendCode(text) {
      needs.emailRules.assertAllowed(text);
      const email = readEmail(text);
      needs.emailRules.assertNotBlocked(email);
      const sent = await storage.work(async (work) => {
        if ((await findAccountByEmailKey(work.reader, email.key)) !== undefined) throw refuse('key-exists');
        needs.emailRules.assertNotBlacklisted(email);
        const pending = await findActivation(work.reader, activationKey(email.key), now());
        const row = pending ?? (await begin(work, email, null));
        const account =
          row.user_id === null ? undefined : await findAccount(work.reader, row.user_id as UserId);
        return { row, account };
      });
      mail(sent.row, sent.account);
    },

    async activate(key, code) {
      const activated = await workRefusingTaken(storage, 'key-exists', async (work) => {
        const row = await judge(work, key, code);
        if (row === undefined || row.user_id === null) return undefined;
        const userId = row.user_id as UserId;
        const given = await giveIdentity(work, row, userId);
        await tellActivated(work, userId, given);
        return given;
      });
      if (activated === undefined) throw refuse('invalid-code');
      return activated;
    },

    async tryCode(key, code) {
      const row = await storage.work((work) => judge(work, key, code));
      if (row === undefined) throw refuse('invalid-code');
    },
  };
}

/**
 * Makes the address an identity of the account, which becomes active by its first one. Two accounts that claim one
 * address are told apart by the unique index: the later unit of work fails.
 */
export async function giveIdentity(
  work: Work,
  row: ActivationRow,
  userId: UserId,
): Promise<Activated | undefined> {
  const account = await lockAccount(work, userId);
  if (account === undefined || (account.status !== 'active' && account.status !== 'pending'))
    return undefined;
  if (account.email_key === row.email_key && account.email === row.email) {
    return { outcome: 'unchanged', email: row.email };
  }
  const changed = await changeAccount(work, userId, {
    email: row.email,
    email_key: row.email_key,
    status: 'active',
  });
  if (changed !== undefined) await indexAccount(work, changed);
  // Codes that went to the old address.
  await work.db.deleteFrom('password_reset').where('user_id', '=', userId).execute();
  await work.db.deleteFrom('verification_code').where('user_id', '=', userId).execute();
  return { outcome: account.email_key === null ? 'first' : 'changed', email: row.email };
}
