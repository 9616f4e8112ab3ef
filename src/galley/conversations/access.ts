import type { Access, AccessRole, LegacyAccessRole } from '#contract/conversations.ts';
import type { TeamId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { OwnUser } from '../needs.ts';

/** Who may come into a conversation, and the words of old clients for it (reference client-api 4.1, events 2.2). */

export const defaultAccess: readonly Access[] = ['invite'];
export const defaultAccessRoles: readonly AccessRole[] = ['team_member', 'non_team_member', 'service'];

const rolesOfLegacy: Readonly<Record<LegacyAccessRole, readonly AccessRole[]>> = {
  private: [],
  team: ['team_member'],
  activated: ['team_member', 'non_team_member', 'service'],
  non_activated: ['team_member', 'non_team_member', 'guest', 'service'],
};

/** The set that an old client means. */
export function accessRolesOf(legacy: LegacyAccessRole): readonly AccessRole[] {
  return rolesOfLegacy[legacy];
}

/** The nearest word that an old client knows. */
export function legacyAccessRole(roles: readonly AccessRole[]): LegacyAccessRole {
  if (roles.includes('guest')) return 'non_activated';
  if (roles.includes('non_team_member') || roles.includes('service')) return 'activated';
  return roles.includes('team_member') ? 'team' : 'private';
}

/** Each value once, in the order of the declaration, so that equal sets are equal texts. */
export function accessSet(access: readonly Access[]): readonly Access[] {
  return (['private', 'invite', 'link', 'code'] as const).filter((value) => access.includes(value));
}

/** As `accessSet`. */
export function accessRoleSet(roles: readonly AccessRole[]): readonly AccessRole[] {
  return (['team_member', 'non_team_member', 'guest', 'service'] as const).filter((value) =>
    roles.includes(value),
  );
}

/** Whether two sets are the same. */
export function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((value) => other.includes(value));
}

/** Whether the roles of a conversation let a user in. */
export function isAdmitted(user: OwnUser, roles: readonly AccessRole[], team: TeamId | null): boolean {
  return refusalOfAccess(user, roles, team) === undefined;
}

/** @throws Refusal `no-team-member` or `access-denied` when the roles keep one of the users out. */
export function assertAdmitted(
  users: readonly OwnUser[],
  roles: readonly AccessRole[],
  team: TeamId | null,
): void {
  for (const user of users) {
    const key = refusalOfAccess(user, roles, team);
    if (key !== undefined) throw refuse(key);
  }
}

function refusalOfAccess(
  user: OwnUser,
  roles: readonly AccessRole[],
  team: TeamId | null,
): 'access-denied' | 'no-team-member' | undefined {
  if (roles.length === 0) return 'access-denied';
  if (user.isBot) return roles.includes('service') ? undefined : 'access-denied';
  const isInTeam = team !== null && user.team === team;
  if (!roles.includes('non_team_member') && !isInTeam) return 'no-team-member';
  if (!roles.includes('guest') && !user.isActivated) return 'access-denied';
  return undefined;
}
