import type { AccountRow } from '#storage';
import { wordsOf } from './normalise.ts';

/**
 * What the rows of `search_term` hold. A term is `<kind>:<space>: <text>`, so that one prefix range of the primary key
 * is one answer: everybody of one space whose handle, name or later word of the name begins with something.
 *
 * The text of a word row is the name turned so that it begins with that word (`smith anna` beside `anna smith`). A
 * search for several words thus reads the range of one of them and sees the others in the same row. Before each word
 * of the text stands a space; nowhere else.
 */

/** `h`: the handle; `n`: the whole name; `w`: the name from its second or a later word on. */
export const termKinds = ['h', 'n', 'w'] as const;
export type TermKind = (typeof termKinds)[number];

/**
 * Where a user is searched for: among people without a team, in a team, or among members of those teams that everybody
 * may search. The latter are in their team as well.
 */
export type SearchSpace = 'public' | 'open' | `team-${string}`;
export const openSpace: SearchSpace = 'open';

export function teamSpace(team: string): SearchSpace {
  return `team-${team}`;
}

/** Whether an account can be in a space. */
export function belongsIn(space: SearchSpace, { team }: AccountRow): boolean {
  if (space === 'open') return team !== null;
  return space === (team === null ? 'public' : teamSpace(team));
}

/** All terms that begin with this are what `prefix` matches in that kind and space. */
export function termPrefix(kind: TermKind, space: SearchSpace, prefix: string): string {
  return `${kind}:${space}: ${prefix}`;
}

/** The terms under which an account is found; none when it cannot be. @param isOpen whether everybody may search its team */
export function termsOf(account: AccountRow, isOpen: boolean): readonly string[] {
  if (account.status !== 'active') return [];
  if (account.team === null) return termsIn('public', account);
  const own = termsIn(teamSpace(account.team), account);
  return isOpen ? [...own, ...termsIn(openSpace, account)] : own;
}

function termsIn(space: SearchSpace, account: AccountRow): readonly string[] {
  const terms = turnsOf(wordsOf(account.name)).map((text, index) =>
    termPrefix(index === 0 ? 'n' : 'w', space, text),
  );
  if (account.handle !== null) terms.push(termPrefix('h', space, account.handle));
  return [...new Set(terms)];
}

/** The words joined, begun at each of them in turn. */
function turnsOf(words: readonly string[]): readonly string[] {
  return words.map((_, start) => [...words.slice(start), ...words.slice(0, start)].join(' '));
}
