import type { BackendDomain } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Storage } from '#storage';
import { assertAdmitted, defaultAccessRoles } from '../conversations/access.ts';
import { assertConsent } from '../legalhold/consent.ts';
import { assertOwnTeamPermits, assertTeamPermits } from '../members/team-permissions.ts';
import type { LegalholdLookup, OwnUser, TeamLookup, UserLookup } from '../needs.ts';
import type { GalleySettings } from '../settings.ts';
import { assertConnected } from '../updates/changes/add-members.ts';
import type { Actor } from '../updates/publish.ts';
import type { NewGroup } from './new-conversation.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly users: UserLookup;
  readonly teams: TeamLookup;
  readonly legalhold: LegalholdLookup;
  readonly storage: Pick<Storage, 'reader'>;
  readonly settings: GalleySettings;
}

/**
 * How large a group may be at first. Asked before any backend is, since it costs nothing.
 * @throws Refusal `client-error` when it is too large
 */
export function assertSize({ settings }: Pick<Needs, 'settings'>, { users }: NewGroup): void {
  const most = settings.maxConversationSize - 1;
  if (users.length > most) {
    throw refuse('client-error:too-many-members', {
      message: `users: found ${users.length}, expected at most ${most}`,
    });
  }
}

/**
 * Who may make which group (reference client-api 4.2, step 4).
 * @throws Refusal `operation-denied`, `no-team-member`, `access-denied`,
 * `not-connected`, `missing-legalhold-consent`
 */
export async function assertMayCreate(needs: Needs, actor: Actor, wanted: NewGroup): Promise<void> {
  await assertMayInvite(needs, actor, wanted);
  const own = wanted.users.filter(({ domain }) => domain === needs.ownDomain).map(({ id }) => id);
  await assertConsent(needs.legalhold, needs.storage.reader, [actor.user.id, ...own]);
}

async function assertMayInvite(needs: Needs, actor: Actor, wanted: NewGroup): Promise<void> {
  const own = wanted.users.filter(({ domain }) => domain === needs.ownDomain);
  const accounts = await needs.users.listOwn([actor.user.id, ...own.map(({ id }) => id)]);
  const creator = accounts.find(({ id }) => id === actor.user.id);
  if (wanted.team === null) {
    if (creator?.isActivated !== true) throw refuse('operation-denied');
    await assertOwnTeamPermits(needs.teams, actor.user.id, 'AddRemoveConvMember');
    return assertConnected(needs.users, actor, wanted.users);
  }
  const { teams } = needs;
  await assertTeamPermits(teams, actor.user.id, wanted.team, 'CreateConversation');
  if (wanted.users.length > 1 || wanted.protocol === 'mls')
    await assertTeamPermits(teams, actor.user.id, wanted.team, 'AddRemoveConvMember');
  const others = accounts.filter(({ id }) => id !== actor.user.id);
  assertAdmitted(others, wanted.accessRoles ?? defaultAccessRoles, wanted.team);
  await assertConnected(needs.users, actor, outsideTeam(needs, wanted, others));
}

function outsideTeam({ ownDomain }: Needs, { users, team }: NewGroup, accounts: readonly OwnUser[]) {
  const mates = new Set(accounts.filter((account) => account.team === team).map(({ id }) => id));
  return users.filter(({ domain, id }) => domain !== ownDomain || !mates.has(id));
}
