import type { TeamId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { isAdmin, maySearchContacts, type SearchVisibility } from '#contract/teams.ts';
import type { Reader, Storage } from '#storage';
import { findFeature } from '../features/feature-store.ts';
import { getOwnMember } from '../members/checks.ts';
import { findMember } from '../members/member-store.ts';
import { changeTeam } from '../team-store.ts';

/** How far the members of a team see when they search by name. Handles are found by whoever knows them. */
export interface TeamSearch {
  /** @throws Refusal `no-team-member` */
  get(viewer: UserId, team: TeamId): Promise<SearchVisibility>;
  /** @throws Refusal `no-team-member`, `operation-denied`, `team-search-visibility-not-enabled` */
  set(actor: UserId, team: TeamId, visibility: SearchVisibility): Promise<void>;
  /** Of a member: `everybody` who can be found, its own team, or nobody at all. */
  reachOf(reader: Reader, team: TeamId, user: UserId): Promise<'everybody' | 'team' | 'nobody'>;
}

export function createTeamSearch(storage: Storage): TeamSearch {
  return {
    async get(viewer, team) {
      await getOwnMember(storage.reader, team, viewer);
      return findVisibility(storage.reader, team);
    },
    async set(actor, team, visibility) {
      await storage.work(async (work) => {
        const { permissions } = await getOwnMember(work.reader, team, actor);
        if (!isAdmin(permissions.self)) {
          throw refuse('operation-denied', {
            message: 'Insufficient permissions (missing ChangeTeamSearchVisibility)',
          });
        }
        const { status } = await findFeature(work.reader, team, 'searchVisibility');
        if (status === 'disabled') throw refuse('team-search-visibility-not-enabled');
        await changeTeam(work, team, { search_visibility: visibility });
      });
    },
    async reachOf(reader, team, user) {
      const member = await findMember(reader, team, user);
      if (member === undefined || !maySearchContacts(member.permissions.self)) return 'nobody';
      return (await findVisibility(reader, team)) === 'standard' ? 'everybody' : 'team';
    },
  };
}

async function findVisibility(reader: Reader, team: TeamId): Promise<SearchVisibility> {
  const row = await reader
    .selectFrom('team')
    .select('search_visibility')
    .where('id', '=', team)
    .executeTakeFirst();
  return row?.search_visibility === 'no-name-outside-team' ? 'no-name-outside-team' : 'standard';
}
