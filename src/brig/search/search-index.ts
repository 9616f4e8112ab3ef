import type { UserId } from '#contract/ids.ts';
import type { AccountRow, Reader, Work } from '#storage';
import { termsOf } from './index-key.ts';
import { isSearchable } from './searchable-teams.ts';

/** The table `search_term`: written with every change of an account, read by prefix. */

/**
 * Brings the search index up to date with an account as it now is. Call it in the unit of work that creates the
 * account or changes its name, handle, team or status; an account that is not active leaves the index.
 */
export async function indexAccount(work: Work, account: AccountRow): Promise<void> {
  const { db } = work;
  const isOpen = account.team !== null && (await isSearchable(work.reader, account.team));
  const wanted = new Set(termsOf(account, isOpen));
  const rows = await db.selectFrom('search_term').select('term').where('user_id', '=', account.id).execute();
  const present = new Set(rows.map((row) => row.term));
  const stale = [...present.difference(wanted)];
  const missing = [...wanted.difference(present)];
  if (stale.length > 0) {
    await db.deleteFrom('search_term').where('user_id', '=', account.id).where('term', 'in', stale).execute();
  }
  if (missing.length > 0) {
    const values = missing.map((term) => ({ term, user_id: account.id }));
    await db.insertInto('search_term').values(values).execute();
  }
}

/** One bounded read of the index. */
export interface TermScan {
  /** All terms that begin with this, in order: the shortest match comes first. */
  readonly prefix: string;
  /** Words that must begin further words of the same text. Letters and digits only. */
  readonly alsoWords: readonly string[];
}

/**
 * Rows that a scan with further words looks at. A search for two words that more people than this have in common may
 * miss some of those who have both; it never takes longer.
 */
const maxFiltered = 2_000;

/** The users that a scan finds, best first, at most `limit` rows; a user can occur more than once. */
export async function scanTerms(reader: Reader, scan: TermScan, limit: number): Promise<readonly UserId[]> {
  const range = reader
    .selectFrom('search_term')
    .select(['term', 'user_id'])
    .where('term', '>=', scan.prefix)
    .where('term', '<', `${scan.prefix}\u{10ffff}`)
    .orderBy('term')
    .orderBy('user_id');
  if (scan.alsoWords.length === 0) return idsOf(await range.limit(limit).execute());
  let filtered = reader.selectFrom(range.limit(maxFiltered).as('candidate')).select(['term', 'user_id']);
  for (const word of scan.alsoWords) filtered = filtered.where('term', 'like', `% ${word}%`);
  return idsOf(await filtered.orderBy('term').orderBy('user_id').limit(limit).execute());
}

function idsOf(rows: readonly { readonly user_id: string }[]): readonly UserId[] {
  return rows.map((row) => row.user_id as UserId);
}
