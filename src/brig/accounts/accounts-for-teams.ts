import type { TeamId, UserId } from '#contract/ids.ts';
import type { Reader, Work } from '#storage';
import type { AccountRemoval } from '../deletion/account-removal.ts';
import type { Mailer } from '../mail/mailer.ts';
import { type InvitationDetails, invitationMail } from '../mail/messages.ts';
import { setSearchable } from '../search/searchable-teams.ts';
import { findAccount } from '../users/user-store.ts';
import { findAccountByEmailKey } from './account-store.ts';
import { type EmailAddress, readEmail } from './email.ts';
import type { EmailRules } from './email-rules.ts';
import type { Passwords } from './password.ts';

/** What whoever keeps teams may know and do of accounts: those that invite, are invited, and go with their team. */
export interface AccountsForTeams {
  /** The verified e-mail address of a user. */
  findEmail(user: UserId): Promise<string | undefined>;
  /** @throws Refusal `invalid-email` */
  readEmail(text: string): EmailAddress;
  /** An address that may be invited. @throws Refusal `invalid-email`, `blacklisted-email` */
  readInvitee(text: string): EmailAddress;
  isEmailTaken(reader: Reader, key: string): Promise<boolean>;
  mailInvitation(details: InvitationDetails): void;
  /** Whether this is the password of the user, who may have none. */
  verifyPassword(user: UserId, password: string | undefined): Promise<boolean>;
  /**
   * Deletes an account with all that belongs to it. False when there is none any more.
   * @param allowed decides within the unit of work whether it may go
   */
  remove(user: UserId, allowed: (work: Work) => Promise<boolean>): Promise<boolean>;
  /** Says whether a team's members are found by name from outside. */
  setSearchable(work: Work, team: TeamId, searchable: boolean): Promise<void>;
}

interface Needs {
  readonly reader: Reader;
  readonly emailRules: EmailRules;
  readonly mailer: Mailer;
  readonly passwords: Passwords;
  readonly removal: AccountRemoval;
}

export function createAccountsForTeams(needs: Needs): AccountsForTeams {
  const { reader, emailRules, mailer, passwords, removal } = needs;
  return {
    findEmail: async (user) => (await findAccount(reader, user))?.email ?? undefined,
    readEmail,
    readInvitee(text) {
      const email = readEmail(text);
      emailRules.assertNotBlacklisted(email);
      return email;
    },
    isEmailTaken: async (view, key) => (await findAccountByEmailKey(view, key)) !== undefined,
    mailInvitation: (details) => mailer.send(invitationMail(details)),
    async verifyPassword(user, password) {
      const hash = (await findAccount(reader, user))?.password_hash ?? null;
      return password === undefined ? hash === null : await passwords.verify(password, hash);
    },
    setSearchable,
    remove: (user, allowed) => removal.remove(user, 'team', { allowed }),
  };
}
