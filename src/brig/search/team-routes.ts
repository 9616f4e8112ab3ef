import { browseTeam, type TeamContact } from '#contract/client/team-search.ts';
import type { TeamId, UserId } from '#contract/ids.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import { compileParser } from '#contract/schema.ts';
import type { Reader } from '#storage';
import type { AccountTeams } from '../accounts/team-needs.ts';
import { listNewestEmails } from '../activation/activation-store.ts';
import { teamContactOf } from '../users/profile.ts';
import { listAccounts } from '../users/user-store.ts';
import { readSize } from './routes.ts';
import {
  behind,
  type ListingQuery,
  listMates,
  Place,
  type PlacedMate,
  readPagingState,
  type TeamMate,
  writePagingState,
} from './team-listing.ts';

export interface TeamSearchNeeds {
  readonly reader: Reader;
  readonly teams: Pick<AccountTeams, 'listRoles'>;
  readonly now: () => number;
}

const places = compileParser(Place);

/** The client route that lists the members of a team, whole teams included: a team's size is bounded. */
export function teamSearchRoutes({ reader, teams, now }: TeamSearchNeeds): readonly ServedRoute[] {
  async function loadMates(team: TeamId, viewer: UserId): Promise<readonly TeamMate[]> {
    const roles = await teams.listRoles(reader, team, viewer);
    const accounts = await listAccounts(reader, [...roles.keys()]);
    return accounts
      .filter(({ status }) => status !== 'deleted')
      .map((account) => ({ account, role: roles.get(account.id as UserId) }));
  }

  async function show(mates: readonly PlacedMate[]): Promise<TeamContact[]> {
    const newest = await listNewestEmails(
      reader,
      mates.map(({ account }) => account.id),
      now(),
    );
    return mates.map(({ account, role }) => teamContactOf(account, role, newest.get(account.id)));
  }

  return [
    handle(browseTeam, async ({ user, params, query }) => {
      const start = performance.now();
      const size = readSize(query.size);
      const listing = listingOf(query);
      const after =
        query.pagingState === undefined
          ? undefined
          : places.parse(readPagingState(query.pagingState), 'query.pagingState');
      const listed = listMates(await loadMates(params.tid, user.userId), listing);
      const left = after === undefined ? listed : behind(listed, after, listing);
      const page = left.slice(0, size);
      const last = page.at(-1)?.place;
      const body = {
        documents: await show(page),
        found: listed.length,
        returned: page.length,
        took: Math.round(performance.now() - start),
        search_policy: 'full_search' as const,
        ...(last === undefined ? {} : { paging_state: writePagingState(last) }),
        has_more: left.length > page.length,
      };
      return { status: 200, body };
    }),
  ];
}

function listingOf(query: {
  readonly q?: string;
  readonly frole?: string;
  readonly sortby?: ListingQuery['sortBy'];
  readonly sortorder?: ListingQuery['order'];
}): ListingQuery {
  return {
    term: query.q ?? '',
    roles: (query.frole ?? '').split(',').filter((role) => role !== ''),
    sortBy: query.sortby,
    order: query.sortorder ?? 'asc',
  };
}
