import type { BackendDomain, TeamId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { holds, type TeamPermission } from '#contract/teams.ts';
import type { OwnConversation, QualifiedUser } from '../conversations/conversation.ts';
import type { TeamLookup } from '../needs.ts';

/** What a team lets its members do in its conversations, beside what their role in the conversation lets them. */

/** Who asks must be in the team and permitted. @throws Refusal `no-team-member`, `operation-denied` */
export async function assertTeamPermits(
  teams: TeamLookup,
  user: UserId,
  team: TeamId,
  ...permissions: readonly TeamPermission[]
): Promise<void> {
  const set = await teams.permissionsOf(user, team);
  if (set === undefined) throw refuse('no-team-member');
  assertHolds(set, permissions);
}

/** Who is in a team must be permitted by it; others may as they are. @throws Refusal `operation-denied` */
export async function assertOwnTeamPermits(
  teams: TeamLookup,
  user: UserId,
  permission: TeamPermission,
): Promise<void> {
  const set = await teams.ownPermissionsOf(user);
  if (set !== undefined) assertHolds(set, [permission]);
}

function assertHolds(set: number, permissions: readonly TeamPermission[]): void {
  const missing = permissions.find((permission) => !holds(set, permission));
  if (missing === undefined) return;
  throw refuse('operation-denied', { message: `Insufficient permissions (missing ${missing})` });
}

/** Members of the conversation's team must be permitted; guests are not its concern. @throws Refusal `invalid-op` */
export async function assertPermittedIn(
  { teams, ownDomain }: { readonly teams: TeamLookup; readonly ownDomain: BackendDomain },
  { team }: OwnConversation,
  user: QualifiedUser,
  permission: TeamPermission,
): Promise<void> {
  if (team === null || user.domain !== ownDomain) return;
  const set = await teams.permissionsOf(user.id, team);
  if (set === undefined || holds(set, permission)) return;
  throw refuse('invalid-op', { message: `Insufficient permissions (missing ${permission})` });
}
