import { postOnboarding, searchContacts, searchSize } from '#contract/client/search.ts';
import type { FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain, TeamId, UserId } from '#contract/ids.ts';
import type { Contact, SearchPolicy } from '#contract/profiles.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { Reader } from '#storage';
import type { AccountTeams } from '../accounts/team-needs.ts';
import { contactOf, teamOf } from '../users/profile.ts';
import { findAccount } from '../users/user-store.ts';
import type { RemoteRules } from './remote-rules.ts';
import { searchLocal } from './search-local.ts';
import { searchRemote } from './search-remote.ts';

/** What searching needs of others. */
export interface SearchNeeds {
  readonly ownDomain: BackendDomain;
  readonly reader: Reader;
  readonly federation: FederationCaller;
  readonly remoteRules: RemoteRules;
  readonly teams: Pick<AccountTeams, 'searchReach'>;
}

/** The client route that searches people (reference client-api 3.3). Partners of a team may not. */
export function searchRoutes(needs: SearchNeeds): readonly ServedRoute[] {
  return [
    handle(postOnboarding, () => ({ status: 200, body: { results: [], 'auto-connects': [] } })),
    handle(searchContacts, async (request) => {
      const { q: term, domain = needs.ownDomain } = request.query;
      const limit = readSize(request.query.size);
      const { userId } = request.user;
      const team = await teamOfUser(needs.reader, userId);
      const reach =
        team === undefined ? 'everybody' : await needs.teams.searchReach(needs.reader, team, userId);
      if (reach === 'nobody') throw refuse('insufficient-permissions');
      if (domain !== needs.ownDomain) {
        const onlyInTeams = needs.remoteRules.onlyInTeams(domain);
        const wanted = { domain, term, from: team, onlyInTeams };
        const { contacts, searchPolicy } = await searchRemote(needs.federation, wanted, request);
        return { status: 200, body: resultOf(contacts, 0, searchPolicy) };
      }
      const start = performance.now();
      const ownTeam = team && { id: team, staysInside: reach === 'team' };
      const searcher = { kind: 'own', userId, team: ownTeam } as const;
      const accounts = await searchLocal(needs.reader, { term, limit, searcher });
      const contacts = accounts.map((account) => contactOf(account, needs.ownDomain));
      return {
        status: 200,
        body: resultOf(contacts, Math.round(performance.now() - start), 'full_search'),
      };
    }),
  ];
}

async function teamOfUser(reader: Reader, userId: UserId): Promise<TeamId | undefined> {
  const account = await findAccount(reader, userId);
  return account === undefined ? undefined : teamOf(account);
}

function resultOf(contacts: readonly Contact[], tookMs: number, searchPolicy: SearchPolicy) {
  return {
    documents: [...contacts],
    found: contacts.length,
    returned: contacts.length,
    took: tookMs,
    search_policy: searchPolicy,
  };
}

/** How many results are wanted. @throws Refusal `bad-request` */
export function readSize(size: string | undefined): number {
  if (size === undefined) return searchSize.default;
  const number = Number(size);
  if (number >= 1 && number <= searchSize.max) return number;
  throw refuse('bad-request', {
    message: `query.size: found ${size}, expected a number from 1 to ${searchSize.max}`,
  });
}
