import type { TeamContact } from '#contract/client/team-search.ts';
import type { BackendDomain, Handle, Qualified, TeamId, UserId } from '#contract/ids.ts';
import type { Contact, SelfProfile, SsoId, UserProfile } from '#contract/profiles.ts';
import type { TeamRole } from '#contract/teams.ts';
import type { AccountRow, Reader } from '#storage';
import type { AccountTeams } from '../accounts/team-needs.ts';
import { singleSignOnOf } from './single-sign-on.ts';

/** The one place where an account's row becomes what the contract shows of it. */

/** Whether others may see the account at all: one that was never activated has no profile yet. */
export function isVisible(account: AccountRow): boolean {
  return account.status !== 'pending';
}

export function userIdOf(account: AccountRow): UserId {
  return account.id as UserId;
}

export function teamOf(account: AccountRow): TeamId | undefined {
  return (account.team ?? undefined) as TeamId | undefined;
}

/** What self profile and profile have in common; the parts of optional members are left out when unset. */
function personOf(account: AccountRow, domain: BackendDomain) {
  const id = userIdOf(account);
  const handle = account.status === 'deleted' ? null : account.handle;
  return {
    qualified_id: { domain, id } satisfies Qualified<UserId>,
    id,
    name: account.name,
    picture: jsonArray<unknown>(account.picture),
    assets: jsonArray<SelfProfile['assets'][number]>(account.assets),
    accent_id: account.accent_id,
    ...(handle === null ? {} : { handle: handle as Handle }),
    ...(account.team === null ? {} : { team: account.team as TeamId }),
    ...(account.expires_at === null ? {} : { expires_at: new Date(account.expires_at).toISOString() }),
    ...(account.status === 'deleted' ? { deleted: true } : {}),
    supported_protocols: protocolsOf(account),
  };
}

export interface ProfileNeeds {
  readonly ownDomain: BackendDomain;
  readonly reader: Reader;
  readonly teams: Pick<AccountTeams, 'legalholdStatusesOf'>;
}

/**
 * Users as others see them (reference federation-api 8.1), those whom nobody may see left out.
 * @param viewer who looks; the own e-mail is shown to its owner only, and never to another backend (no viewer).
 */
export async function profilesOf(
  { ownDomain, reader, teams }: ProfileNeeds,
  accounts: readonly AccountRow[],
  viewer?: UserId,
): Promise<readonly UserProfile[]> {
  const visible = accounts.filter(isVisible);
  const members = visible.filter(({ team }) => team !== null).map(userIdOf);
  const statuses = members.length === 0 ? undefined : await teams.legalholdStatusesOf(reader, members);
  return visible.map((account) => {
    const ownEmail = viewer === account.id ? account.email : null;
    return {
      ...personOf(account, ownDomain),
      ...(ownEmail === null ? {} : { email: ownEmail }),
      ...(account.service === null ? {} : { service: JSON.parse(account.service) as UserProfile['service'] }),
      legalhold_status: statuses?.get(userIdOf(account)) ?? 'no_consent',
    };
  });
}

/** A user as it sees itself (reference client-api 3.1). */
export function selfProfileOf(account: AccountRow, domain: BackendDomain): SelfProfile {
  return {
    ...personOf(account, domain),
    locale: account.locale,
    managed_by: managedByOf(account),
    ...(account.email === null ? {} : { email: account.email }),
    ...(account.sso_id === null ? {} : { sso_id: JSON.parse(account.sso_id) as SsoId }),
  };
}

/** A user as a search result; unset members are null. */
export function contactOf(account: AccountRow, domain: BackendDomain): Contact {
  const id = userIdOf(account);
  return {
    qualified_id: { domain, id },
    id,
    name: account.name,
    accent_id: account.accent_id,
    handle: account.handle,
    team: account.team as TeamId | null,
  };
}

/** A member of a team as its admins see it. @param newestEmail the address that it has last asked for */
export function teamContactOf(
  account: AccountRow,
  role: TeamRole | undefined,
  newestEmail: string | undefined,
): TeamContact {
  const { saml, scimExternalId } = singleSignOnOf(account);
  return {
    id: userIdOf(account),
    name: account.name,
    accent_id: account.accent_id,
    handle: account.handle as Handle | null,
    team: account.team as TeamId | null,
    email: account.email,
    email_unvalidated: newestEmail === undefined || newestEmail === account.email ? null : newestEmail,
    created_at: new Date(account.created_at).toISOString(),
    managed_by: managedByOf(account),
    role: role ?? null,
    saml_idp: saml?.issuer ?? null,
    scim_external_id: scimExternalId ?? null,
    sso: saml === undefined ? null : { issuer: saml.issuer, nameid: saml.nameId },
  };
}

function managedByOf(account: AccountRow): SelfProfile['managed_by'] {
  return account.managed_by === 'scim' ? 'scim' : 'wire';
}

function protocolsOf(account: AccountRow): SelfProfile['supported_protocols'] {
  const protocols = jsonArray<'proteus' | 'mls'>(account.supported_protocols);
  return protocols.length === 0 ? ['proteus'] : protocols;
}

/** Columns of JSON arrays were validated when they were written. */
function jsonArray<T>(column: string): T[] {
  return JSON.parse(column) as T[];
}
