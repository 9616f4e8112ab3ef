import type { TeamId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { maySearchContacts, type TeamMember } from '#contract/teams.ts';
import type { Reader } from '#storage';
import { getOwnMember, getTargetMember } from './checks.ts';
import { listMembers, listNamedMembers, type Member } from './member-store.ts';
import { viewOf } from './member-view.ts';

export interface MembersPage {
  readonly members: TeamMember[];
  readonly hasMore: boolean;
  /** Where the next page starts. Clients must not look into it. */
  readonly pagingState: string;
}

/** Members of a team, as another member sees them. Every reading @throws Refusal `no-team-member`. */
export interface MemberList {
  /** @throws Refusal `bad-request` for a paging state that is none */
  page(viewer: UserId, team: TeamId, limit: number, pagingState: string | undefined): Promise<MembersPage>;
  get(viewer: UserId, team: TeamId, user: UserId): Promise<TeamMember>;
  listNamed(viewer: UserId, team: TeamId, users: readonly UserId[]): Promise<TeamMember[]>;
}

export function createMemberList(reader: Reader): MemberList {
  /** Who may not search sees itself and who has invited it. */
  async function listVisible(viewer: Member, limit: number, after: string): Promise<readonly Member[]> {
    if (maySearchContacts(viewer.permissions.self)) {
      return listMembers(reader, viewer.team, limit, after);
    }
    const inviter = viewer.invited === undefined ? [] : [viewer.invited.by];
    const known = await listNamedMembers(reader, viewer.team, [viewer.user, ...inviter]);
    return known.filter(({ user }) => user > after).slice(0, limit);
  }

  return {
    async page(user, team, limit, pagingState) {
      const viewer = await getOwnMember(reader, team, user);
      const after = pagingState === undefined ? '' : readPagingState(pagingState);
      const found = await listVisible(viewer, limit + 1, after);
      const page = found.slice(0, limit);
      return {
        members: page.map((member) => viewOf(member, viewer)),
        hasMore: found.length > limit,
        pagingState: writePagingState(page.at(-1)?.user ?? after),
      };
    },
    async get(user, team, wanted) {
      const viewer = await getOwnMember(reader, team, user);
      return viewOf(await getTargetMember(reader, team, wanted), viewer);
    },
    async listNamed(user, team, wanted) {
      const viewer = await getOwnMember(reader, team, user);
      const found = await listNamedMembers(reader, team, wanted);
      return found.map((member) => viewOf(member, viewer));
    },
  };
}

function writePagingState(after: string): string {
  return Buffer.from(`after ${after}`).toString('base64url');
}

function readPagingState(token: string): string {
  const match = /^after ([0-9a-f-]{0,36})$/.exec(Buffer.from(token, 'base64url').toString('utf8'));
  if (match?.[1] !== undefined) return match[1];
  throw refuse('bad-request', {
    message: 'query.pagingState: found something else, expected the pagingState of an earlier answer',
  });
}
