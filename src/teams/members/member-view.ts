import { holds, type TeamMember } from '#contract/teams.ts';
import type { Member } from './member-store.ts';

/** A member as another one sees it: permissions are shown to itself and to those who may see them. */
export function viewOf(member: Member, viewer: Member): TeamMember {
  const showsPermissions =
    member.user === viewer.user || holds(viewer.permissions.self, 'GetMemberPermissions');
  const { invited } = member;
  return {
    user: member.user,
    ...(showsPermissions ? { permissions: member.permissions } : {}),
    ...(invited === undefined
      ? {}
      : { created_by: invited.by, created_at: new Date(invited.at).toISOString() }),
    legalhold_status: member.legalholdStatus,
  };
}
