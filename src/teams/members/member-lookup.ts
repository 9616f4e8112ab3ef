import type { TeamId, UserId } from '#contract/ids.ts';
import { roleOf, type TeamRole } from '#contract/teams.ts';
import type { Reader } from '#storage';
import { getInviter } from './checks.ts';
import {
  findMember,
  findMembership,
  listAllMembers,
  listMembers,
  listNamedMembers,
  type Member,
} from './member-store.ts';

/** Who is in which team, as other parts ask about it. Teams that are on their way out have nobody. */
export interface MemberLookup {
  find(reader: Reader, team: TeamId, user: UserId): Promise<Member | undefined>;
  /** The membership of a user in whichever team. */
  findOf(reader: Reader, user: UserId): Promise<Member | undefined>;
  isOwner(reader: Reader, team: TeamId, user: UserId): Promise<boolean>;
  /** At most `limit` members; or which of the named users are. */
  list(reader: Reader, team: TeamId, limit: number, only?: readonly UserId[]): Promise<readonly UserId[]>;
  /** Every member with its role, for who may ask people into the team. @throws Refusal `insufficient-permissions` */
  listRoles(reader: Reader, team: TeamId, viewer: UserId): Promise<ReadonlyMap<UserId, TeamRole | undefined>>;
}

export const memberLookup: MemberLookup = {
  find: findMember,
  findOf: findMembership,
  async isOwner(reader, team, user) {
    const member = await findMember(reader, team, user);
    return member !== undefined && roleOf(member.permissions.self) === 'owner';
  },
  async list(reader, team, limit, only) {
    const members =
      only === undefined
        ? await listMembers(reader, team, limit)
        : await listNamedMembers(reader, team, only);
    return members.map(({ user }) => user);
  },
  async listRoles(reader, team, viewer) {
    await getInviter(reader, team, viewer);
    const roles = new Map<UserId, TeamRole | undefined>();
    for await (const page of listAllMembers(reader, team)) {
      for (const { user, permissions } of page) roles.set(user, roleOf(permissions.self));
    }
    return roles;
  },
};
