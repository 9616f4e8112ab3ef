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
import { readEmail } from './email.ts';
import type { EmailRules } from './email-rules.ts';
import type { Passwords } from './password.ts';

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

export type AccountsForTeams = ReturnType<typeof createAccountsForTeams>;

/**
 * What whoever keeps teams may know and do of accounts: those that invite, are invited, and go with their team. It says
 * itself what each of these is for (`TeamAccounts`).
 */
export function createAccountsForTeams(needs: Needs) {
  const { reader, emailRules, mailer, passwords, secondFactor, removal, changes } = needs;
  return {
    legalhold: needs.legalhold,
    connections: needs.connections,
    findEmail: async (user: UserId) => (await findAccount(reader, user))?.email ?? undefined,
    listCards,
    readEmail,
    readInvitee(text: string) {
      const email = readEmail(text);
      emailRules.assertNotBlacklisted(email);
      return email;
    },
    isEmailTaken: async (view: Reader, key: string) => (await findAccountByEmailKey(view, key)) !== undefined,
    mailInvitation: (details: InvitationMail) => mailer.send(invitationMail(details)),
    async verifyPassword(user: UserId, password: string | undefined) {
      const hash = (await findAccount(reader, user))?.password_hash ?? null;
      return password === undefined ? hash === null : await passwords.verify(password, hash);
    },
    assertSecondFactor: async (user: UserId, code: string | undefined) =>
      secondFactor.assert(await findAccount(reader, user), 'delete_team', code),
    setSearchable,
    setTeam,
    async setSuspended(user: UserId, suspended: boolean) {
      const account = await findAccount(reader, user);
      if (account === undefined || account.status === 'deleted') return;
      await changes.setStatus(user, suspended ? 'suspended' : 'active');
    },
    remove: (user: UserId, allowed: (work: Work) => Promise<boolean>) =>
      removal.remove(user, 'team', { allowed }),
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
