import type { UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Storage } from '#storage';
import type { Activation } from '../activation/activation.ts';
import { findAccountByEmailKey, lockAccount } from './account-store.ts';
import { readEmail } from './email.ts';
import type { EmailRules } from './email-rules.ts';

/** Asking for another e-mail address; it replaces the old one when its code was given. */
export interface EmailChange {
  /**
   * Mails a code to the new address; `unchanged` when it is the present one.
   * @param asker an admin of the team may also change what SCIM manages.
   * @throws Refusal `invalid-email`, `unauthorized`, `blacklisted-email`, `key-exists`, `not-found:user`,
   * `managed-by-scim`.
   */
  request(userId: UserId, email: string, asker: 'user' | 'admin'): Promise<'mailed' | 'unchanged'>;
}

export function createEmailChange(
  storage: Storage,
  activation: Activation,
  emailRules: EmailRules,
): EmailChange {
  return {
    async request(userId, text, asker) {
      emailRules.assertAllowed(text);
      const email = readEmail(text);
      emailRules.assertNotBlacklisted(email);
      const begun = await storage.work(async (work) => {
        const account = await lockAccount(work, userId);
        if (account === undefined || account.status === 'deleted') throw refuse('not-found:user');
        const owner = await findAccountByEmailKey(work.reader, email.key);
        if (owner !== undefined && owner.id !== userId) throw refuse('key-exists');
        if (account.email === email.text) return undefined;
        if (asker === 'user' && account.managed_by === 'scim') throw refuse('managed-by-scim');
        return { account, pending: await activation.begin(work, email, userId) };
      });
      if (begun === undefined) return 'unchanged';
      activation.mail(begun.pending, begun.account);
      return 'mailed';
    },
  };
}
