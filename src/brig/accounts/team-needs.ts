import type { TeamId, UserId } from '#contract/ids.ts';
import type { LegalholdStatuses } from '#contract/legalhold.ts';
import { refuse } from '#contract/refusal.ts';
import type { TeamRole } from '#contract/teams.ts';
import type { Reader, Work } from '#storage';

/** What a registration says of the team that it founds. */
export interface FoundedTeam {
  readonly id: TeamId;
  readonly name: string;
  readonly icon: string;
  readonly iconKey: string | undefined;
}

/** What accounts need of whoever keeps teams. */
export interface AccountTeams {
  isOwner(reader: Reader, team: TeamId, user: UserId): Promise<boolean>;
  /** Whether a member may change profiles of the other members. */
  mayChangeProfiles(reader: Reader, team: TeamId, user: UserId): Promise<boolean>;
  /** At most `limit` members of a team. */
  listMembers(reader: Reader, team: TeamId, limit: number): Promise<readonly UserId[]>;
  /**
   * Every member with its role, for who may add members.
   * @throws Refusal `insufficient-permissions`
   */
  listRoles(reader: Reader, team: TeamId, viewer: UserId): Promise<ReadonlyMap<UserId, TeamRole | undefined>>;
  /** How far a member's search by name goes: to everybody who can be found, its own team, or nowhere. */
  searchReach(reader: Reader, team: TeamId, user: UserId): Promise<'everybody' | 'team' | 'nobody'>;
  /** Whether the members of a team need a mailed code beside their password. */
  asksSecondFactor(team: TeamId): Promise<boolean>;
  /** Makes a team with this user as its owner. */
  found(work: Work, founder: UserId, team: FoundedTeam): Promise<void>;
  /** The uniqueness key of the address that an invitation's code was mailed to; undefined for an unknown code. */
  findInvitee(reader: Reader, code: string): Promise<string | undefined>;
  /**
   * Puts a new user into the team that has invited it.
   * @throws Refusal `invalid-invitation-code`, `too-many-team-members`
   */
  accept(work: Work, code: string, emailKey: string, user: UserId): Promise<TeamId>;
  /** Puts a new user into a team, whoever has invited it. @throws Refusal `no-team`, `too-many-team-members` */
  enlist(work: Work, team: TeamId, user: UserId, role: TeamRole): Promise<void>;
  /** Whether the members of a team may be put under legal hold. */
  isLegalholdEnabled(team: TeamId): Promise<boolean>;
  /** How users stand to legal hold; those without a team are left out. */
  legalholdStatusesOf(reader: Reader, users: readonly UserId[]): Promise<LegalholdStatuses>;
}

/** Nobody keeps teams: an account's team is just an id, and only founding it leads there. */
export const withoutTeams: AccountTeams = {
  isOwner: async () => true,
  mayChangeProfiles: async () => false,
  listMembers: async () => [],
  listRoles: async () => {
    throw refuse('insufficient-permissions');
  },
  searchReach: async () => 'everybody',
  asksSecondFactor: async () => false,
  found: async () => undefined,
  findInvitee: async () => undefined,
  accept: async () => {
    throw refuse('invalid-invitation-code');
  },
  enlist: async () => {
    throw refuse('no-team');
  },
  isLegalholdEnabled: async () => false,
  legalholdStatusesOf: async () => new Map(),
};
