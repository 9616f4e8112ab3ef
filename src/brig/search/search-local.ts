import { type Handle, handlePattern, type TeamId, type UserId } from '#contract/ids.ts';
import type { AccountRow, Reader } from '#storage';
import { findAccountByHandle, listAccounts } from '../users/user-store.ts';
import { belongsIn, openSpace, type SearchSpace, teamSpace, termPrefix } from './index-key.ts';
import { wordsOf } from './normalise.ts';
import { scanTerms, type TermScan } from './search-index.ts';
import { listSearchable } from './searchable-teams.ts';

/** Whose eyes the search sees with. */
export type Searcher =
  /** A user of this backend, which is never its own result unless it asks for its very handle. */
  | { readonly kind: 'own'; readonly userId: UserId; readonly team: OwnTeam | undefined }
  /** Another backend; `onlyInTeams`: the teams that it wants to see, `null` for all (reference 5.2.7). */
  | { readonly kind: 'remote'; readonly onlyInTeams: readonly TeamId[] | null };

/** A searcher's team, and whether its members find by name only one another. */
export interface OwnTeam {
  readonly id: TeamId;
  readonly staysInside: boolean;
}

export interface LocalSearch {
  readonly term: string;
  /** Most results. */
  readonly limit: number;
  readonly searcher: Searcher;
}

const handleSyntax = new RegExp(handlePattern);

/**
 * The active user whose handle is exactly the term. Own users find everybody by handle; another backend that restricts
 * itself to teams finds only members of those.
 */
export async function searchExactHandle(
  reader: Reader,
  term: string,
  searcher: Searcher,
): Promise<AccountRow | undefined> {
  if (!handleSyntax.test(term)) return undefined;
  const account = await findAccountByHandle(reader, term as Handle);
  if (account === undefined || account.status !== 'active') return undefined;
  if (searcher.kind === 'own' || searcher.onlyInTeams === null) return account;
  return searcher.onlyInTeams.some((team) => team === account.team) ? account : undefined;
}

/**
 * Active users that match the term, best first, each once: the exact handle, then for each space that the searcher
 * sees handles, names and later words of names that begin with the term. Several words must all match. The cost is
 * bounded by `limit`, not by how many users match.
 */
export async function searchLocal(
  reader: Reader,
  { term, limit, searcher }: LocalSearch,
): Promise<readonly AccountRow[]> {
  const exact = await searchExactHandle(reader, term, searcher);
  const found = new Map<string, AccountRow>();
  if (exact !== undefined) found.set(exact.id, exact);
  const spaces = await listVisibleSpaces(reader, searcher);
  const scans = spaces.flatMap((space) => scansFor(term, space).map((scan) => ({ space, scan })));
  for (const { space, scan } of scans) {
    if (found.size >= limit) break;
    for (const account of await runScan(reader, scan, limit - found.size, found)) {
      if (isSelf(account, searcher) || !belongsIn(space, account)) continue;
      found.set(account.id, account);
    }
  }
  return [...found.values()].slice(0, limit);
}

/** Rows read beyond the wanted ones: a name can match with several of its words, and the searcher itself is left out. */
const spareRows = 16;

async function runScan(
  reader: Reader,
  scan: TermScan,
  wanted: number,
  found: ReadonlyMap<string, AccountRow>,
): Promise<readonly AccountRow[]> {
  const hits = await scanTerms(reader, scan, wanted + found.size + spareRows);
  const fresh = [...new Set(hits)].filter((id) => !found.has(id));
  if (fresh.length === 0) return [];
  const accounts = new Map((await listAccounts(reader, fresh)).map((account) => [account.id, account]));
  return fresh
    .map((id) => accounts.get(id))
    .filter((account) => account !== undefined)
    .filter((account) => account.status === 'active')
    .slice(0, wanted + 1);
}

/** The reads that answer a term in one space, best matches first. */
function scansFor(term: string, space: SearchSpace): readonly TermScan[] {
  const scans: TermScan[] = [];
  const handle = term.trim().replace(/^@/, '').toLowerCase();
  if (/^[a-z0-9_.-]+$/.test(handle)) {
    scans.push({ prefix: termPrefix('h', space, handle), alsoWords: [] });
  }
  const words = wordsOf(term);
  if (words.length === 0) return scans;
  scans.push({ prefix: termPrefix('n', space, words.join(' ')), alsoWords: [] });
  const [rarest, ...others] = words.toSorted((a, b) => b.length - a.length);
  if (rarest === undefined) return scans;
  const kinds = others.length === 0 ? (['w'] as const) : (['n', 'w'] as const);
  for (const kind of kinds) scans.push({ prefix: termPrefix(kind, space, rarest), alsoWords: others });
  return scans;
}

/**
 * Own team before everybody else, as wire-server ranks. Members of a team are found by name from without only when the
 * team lets itself be searched (`searchVisibilityInbound`), and then by other teams and other backends, not by people
 * without a team.
 */
async function listVisibleSpaces(reader: Reader, searcher: Searcher): Promise<readonly SearchSpace[]> {
  if (searcher.kind === 'own') {
    const { team } = searcher;
    if (team === undefined) return ['public'];
    return team.staysInside ? [teamSpace(team.id)] : [teamSpace(team.id), 'public', openSpace];
  }
  const { onlyInTeams } = searcher;
  if (onlyInTeams === null) return ['public', openSpace];
  return (await listSearchable(reader, onlyInTeams)).map(teamSpace);
}

function isSelf(account: AccountRow, searcher: Searcher): boolean {
  return searcher.kind === 'own' && searcher.userId === account.id;
}
