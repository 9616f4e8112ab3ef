import { getSearchVisibility, putSearchVisibility } from '#contract/client/teams.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { TeamSearch } from '../search/search-visibility.ts';

/** How far the members of a team see when they search. */
export function searchVisibilityRoutes(search: TeamSearch): readonly ServedRoute[] {
  return [
    handle(getSearchVisibility, async ({ user, params }) => ({
      status: 200,
      body: { search_visibility: await search.get(user.userId, params.tid) },
    })),
    handle(putSearchVisibility, async ({ user, params, body }) => {
      await search.set(user.userId, params.tid, body.search_visibility);
      return { status: 204 };
    }),
  ];
}
