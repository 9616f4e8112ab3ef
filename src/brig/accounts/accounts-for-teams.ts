import type { InvitationMail, MemberCard } from '#contract/accounts.ts';
import type { TeamId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { AccountRow, Reader, Work } from '#storage';
import { listClientsOf } from '../clients/client-store.ts';
import type { LegalholdConnections } from '../connections/legalhold-connections.ts';
import type { AccountRemoval } from '../deletion/account-removal.ts';
import type { LegalholdClients } from '../legalhold/legalhold-clients.ts';
import type { Mailer } from '../mail/mailer.ts';
import { invitationMail } from '../mail/messages.ts';
import { indexAccount } from '../search/search-index.ts';
import { setSearchable } from '../search/searchable-teams.ts';
import type { SecondFactor } from '../second-factor/second-factor.ts';
import { singleSignOnOf } from '../users/single-sign-on.ts';
import { findAccount, listAccounts } from '../users/user-store.ts';
import type { AccountChanges } from './account-changes.ts';
import { changeAccount, findAccountByEmailKey, lockAccount } from './account-store.ts';
import { type EmailAddress, readEmail } from './email.ts';
import type { EmailRules } from './email-rules.ts';
import type { Passwords } from './password.ts';

/** What whoever keeps teams may know and do of accounts: those that invite, are invited, and go with their team. */
export interface AccountsForTeams {
  /** The verified e-mail address of a user. */
  findEmail(user: UserId): Promise<string | undefined>;
  /** Of those of the users that are active or suspended. */
  listCards(reader: Reader, users: readonly UserId[]): Promise<ReadonlyMap<UserId, MemberCard>>;
  /** @throws Refusal `invalid-email` */
  readEmail(text: string): EmailAddress;
  /** An address that may be invited. @throws Refusal `invalid-email`, `blacklisted-email` */
  readInvitee(text: string): EmailAddress;
  isEmailTaken(reader: Reader, key: string): Promise<boolean>;
  mailInvitation(details: InvitationMail): void;
  /** Whether this is the password of the user, who may have none. */
  verifyPassword(user: UserId, password: string | undefined): Promise<boolean>;
  /**
   * The user has given the code for deleting its team, if it needs one.
   * @throws Refusal `code-authentication-required`, `code-authentication-failed`.
   */
  assertSecondFactor(user: UserId, code: string | undefined): Promise<void>;
  /**
   * Deletes an account with all that belongs to it. False when there is none any more.
   * @param allowed decides within the unit of work whether it may go
   */
  remove(user: UserId, allowed: (work: Work) => Promise<boolean>): Promise<boolean>;
  /** Puts an account that has no team into one. @throws Refusal `not-found` for an unknown one, `bad-request` */
  setTeam(work: Work, user: UserId, team: TeamId): Promise<void>;
  /** Suspends an account or lifts that, unless it is deleted. */
  setSuspended(user: UserId, suspended: boolean): Promise<void>;
  /** Says whether a team's members are found by name from outside. */
  setSearchable(work: Work, team: TeamId, searchable: boolean): Promise<void>;
  readonly legalhold: LegalholdClients;
  readonly connections: LegalholdConnections;
}

interface Needs {
  readonly reader: Reader;
  readonly emailRules: EmailRules;
  readonly mailer: Mailer;
  readonly passwords: Passwords;
  readonly secondFactor: Pick<SecondFactor, 'assert'>;
  readonly removal: AccountRemoval;
  readonly changes: Pick<AccountChanges, 'setStatus'>;
  readonly legalhold: LegalholdClients;
  readonly connections: LegalholdConnections;
}

export function createAccountsForTeams(needs: Needs): AccountsForTeams {
  const { reader, emailRules, mailer, passwords, secondFactor, removal, changes } = needs;
  return {
    legalhold: needs.legalhold,
    connections: needs.connections,
    findEmail: async (user) => (await findAccount(reader, user))?.email ?? undefined,
    listCards,
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
    assertSecondFactor: async (user, code) =>
      secondFactor.assert(await findAccount(reader, user), 'delete_team', code),
    setSearchable,
    setTeam,
    async setSuspended(user, suspended) {
      const account = await findAccount(reader, user);
      if (account === undefined || account.status === 'deleted') return;
      await changes.setStatus(user, suspended ? 'suspended' : 'active');
    },
    remove: (user, allowed) => removal.remove(user, 'team', { allowed }),
  };
}

async function listCards(reader: Reader, users: readonly UserId[]): Promise<ReadonlyMap<UserId, MemberCard>> {
  const accounts = await listAccounts(reader, users);
  const devices = Map.groupBy(await listClientsOf(reader, users), (client) => client.user_id);
  const present = accounts.filter(({ status }) => status === 'active' || status === 'suspended');
  return new Map(
    present.map((account) => [account.id as UserId, cardOf(account, devices.get(account.id)?.length ?? 0)]),
  );
}

function cardOf(account: AccountRow, devices: number): MemberCard {
  const { saml, scimExternalId } = singleSignOnOf(account);
  return {
    name: account.name,
    handle: account.handle ?? undefined,
    email: account.email ?? undefined,
    managedBy: account.managed_by,
    idpIssuer: saml?.issuer,
    samlNameId: saml?.nameId,
    scimExternalId,
    devices,
  };
}

async function setTeam(work: Work, user: UserId, team: TeamId): Promise<void> {
  const account = await lockAccount(work, user);
  if (account === undefined || account.status === 'deleted') throw refuse('not-found:user');
  if (account.team !== null) {
    throw refuse('bad-request', { message: 'user: found one with a team, expected one without' });
  }
  const changed = await changeAccount(work, user, { team });
  if (changed !== undefined) await indexAccount(work, changed);
}
