import { Type } from 'typebox';
import { LegalholdStatus } from './profiles.ts';
import { TeamIdSchema, UserIdSchema, UtcMillis } from './schema.ts';

/** Teams, and what members may do in them (reference client-api 9.3). */

/** The bits of a set of permissions, by wire-server's names. */
const bits = {
  CreateConversation: 1,
  DeleteConversation: 2,
  AddTeamMember: 4,
  RemoveTeamMember: 8,
  AddRemoveConvMember: 16,
  ModifyConvName: 32,
  GetBilling: 64,
  SetBilling: 128,
  SetTeamData: 256,
  GetMemberPermissions: 512,
  GetTeamConversations: 1024,
  DeleteTeam: 2048,
  SetMemberPermissions: 4096,
} as const;
export type TeamPermission = keyof typeof bits;

/** The sets that have a name. Some rights come with the name alone and have no bit. */
const setOfRole = { owner: 8191, admin: 5951, member: 1587, partner: 1025 } as const;
export type TeamRole = keyof typeof setOfRole;
const teamRoles = Object.keys(setOfRole) as readonly TeamRole[];
export const TeamRoleSchema = Type.Enum([...teamRoles]);

/** Whether a set holds a permission. */
export function holds(set: number, permission: TeamPermission): boolean {
  return (set & bits[permission]) !== 0;
}

/** Whether all of one set is in another. */
export function isWithin(set: number, other: number): boolean {
  return (set & ~other) === 0;
}

export function permissionsOf(role: TeamRole): number {
  return setOfRole[role];
}

/** The role whose set this is; undefined for a set that has no name. */
export function roleOf(set: number): TeamRole | undefined {
  return teamRoles.find((role) => setOfRole[role] === set);
}

/** Owners and admins alone may change what a team is like: features, search, legal hold. */
export function isAdmin(set: number): boolean {
  return set === setOfRole.owner || set === setOfRole.admin;
}

/** The sets of owners and admins. */
export const adminSets: readonly number[] = [setOfRole.owner, setOfRole.admin];

/** Partners, and members whose set has no name, find nobody but who has invited them. */
export function maySearchContacts(set: number): boolean {
  return isAdmin(set) || set === setOfRole.member;
}

/** `self`: what the member may do; `copy`: what it may let others do. Bits that mean nothing are left out. */
export const Permissions = Type.Object({
  self: Type.Integer({ minimum: 0 }),
  copy: Type.Integer({ minimum: 0 }),
});
export type Permissions = Type.Static<typeof Permissions>;

/** All that a member can be permitted. */
export const allPermissions = setOfRole.owner;

export const Team = Type.Object({
  id: TeamIdSchema,
  creator: UserIdSchema,
  name: Type.String(),
  icon: Type.String(),
  icon_key: Type.Optional(Type.String()),
  binding: Type.Boolean(),
  splash_screen: Type.String(),
});
export type Team = Type.Static<typeof Team>;

export const TeamMember = Type.Object({
  user: UserIdSchema,
  /** Only for the member itself and for those who may see permissions. */
  permissions: Type.Optional(Permissions),
  /** Who has invited the member, and when. */
  created_by: Type.Optional(UserIdSchema),
  created_at: Type.Optional(UtcMillis),
  legalhold_status: LegalholdStatus,
});
export type TeamMember = Type.Static<typeof TeamMember>;

export const SearchVisibility = Type.Union([Type.Literal('standard'), Type.Literal('no-name-outside-team')]);
export type SearchVisibility = Type.Static<typeof SearchVisibility>;
