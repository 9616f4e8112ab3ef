import type { TeamId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { holds, isAdmin, roleOf, type TeamPermission } from '#contract/teams.ts';
import type { Reader } from '#storage';
import type { TeamAccounts } from '../needs.ts';
import { findMember, type Member } from './member-store.ts';

/** Who asks must be a member. @throws Refusal `no-team-member` */
export async function getOwnMember(reader: Reader, team: TeamId, user: UserId): Promise<Member> {
  const member = await findMember(reader, team, user);
  if (member === undefined) throw refuse('no-team-member');
  return member;
}

/** Who is asked about must be one, too. @throws Refusal `no-team-member` with status 404 */
export async function getTargetMember(reader: Reader, team: TeamId, user: UserId): Promise<Member> {
  const member = await findMember(reader, team, user);
  if (member === undefined) throw refuse('no-team-member:target');
  return member;
}

/** Who may ask people into the team. @throws Refusal `insufficient-permissions` */
export async function getInviter(reader: Reader, team: TeamId, user: UserId): Promise<Member> {
  const member = await findMember(reader, team, user);
  if (member === undefined || !holds(member.permissions.self, 'AddTeamMember')) {
    throw refuse('insufficient-permissions');
  }
  return member;
}

/** @throws Refusal `operation-denied` */
export function assertPermitted({ permissions }: Member, permission: TeamPermission): void {
  if (holds(permissions.self, permission)) return;
  throw refuse('operation-denied', { message: `Insufficient permissions (missing ${permission})` });
}

/** Owners and admins alone may. @throws Refusal `operation-denied` */
export function assertAdmin({ permissions }: Member): void {
  if (!isAdmin(permissions.self)) throw refuse('operation-denied');
}

/** It must be the user who asks. @throws Refusal `access-denied` */
export async function assertPassword(
  accounts: Pick<TeamAccounts, 'verifyPassword'>,
  user: UserId,
  password: string | undefined,
): Promise<void> {
  if (await accounts.verifyPassword(user, password)) return;
  throw refuse('access-denied:reauthentication');
}

/** Whether one member may end another's membership, or its being an owner: of owners only other owners may. */
export function mayDeposeMember(actor: Member, target: Member): boolean {
  if (roleOf(target.permissions.self) !== 'owner') return true;
  return roleOf(actor.permissions.self) === 'owner' && actor.user !== target.user;
}
