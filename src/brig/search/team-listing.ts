import { type Static, Type } from 'typebox';
import type { TeamSortBy, TeamSortOrder } from '#contract/client/team-search.ts';
import { refuse } from '#contract/refusal.ts';
import type { TeamRole } from '#contract/teams.ts';
import type { AccountRow } from '#storage';
import { singleSignOnOf } from '../users/single-sign-on.ts';
import { wordsOf } from './normalise.ts';

/** Which members of a team a list shows, and in which order. Nothing in here reads the database. */

/** A member with what it is in the team. */
export interface TeamMate {
  readonly account: AccountRow;
  /** Undefined when its permissions are those of no role. */
  readonly role: TeamRole | undefined;
}

export interface ListingQuery {
  readonly term: string;
  /** Empty: all. */
  readonly roles: readonly string[];
  /** Undefined: the best matches, or without a term the newest members first. */
  readonly sortBy: TeamSortBy | undefined;
  readonly order: TeamSortOrder;
}

/** What a member is sorted by; null goes last in either order. */
const SortKey = Type.Union([Type.String(), Type.Number(), Type.Null()]);
type SortKey = Static<typeof SortKey>;

/** Where a member stands in a list. The id tells those apart that are sorted by the same. */
export const Place = Type.Tuple([SortKey, Type.String()]);
export type Place = Static<typeof Place>;

export interface PlacedMate extends TeamMate {
  readonly place: Place;
}

/** Those who match, in order. */
export function listMates(mates: readonly TeamMate[], query: ListingQuery): readonly PlacedMate[] {
  const words = wordsOf(query.term);
  const direction = directionOf(query, words);
  return mates
    .filter(({ role }) => query.roles.length === 0 || (role !== undefined && query.roles.includes(role)))
    .filter(({ account }) => words.length === 0 || matches(account, words))
    .map((mate): PlacedMate => ({ ...mate, place: [sortKeyOf(mate, query, words), mate.account.id] }))
    .toSorted((one, other) => compare(one.place, other.place, direction));
}

/** Those behind a place, whether somebody still stands there or not. */
export function behind(
  listed: readonly PlacedMate[],
  place: Place,
  query: ListingQuery,
): readonly PlacedMate[] {
  const direction = directionOf(query, wordsOf(query.term));
  return listed.filter((mate) => compare(mate.place, place, direction) > 0);
}

/** Every word begins one of the name, or each begins one of the handle, or of the e-mail address. */
function matches({ name, handle, email }: AccountRow, words: readonly string[]): boolean {
  return [name, handle, email].some((text) => {
    const given = wordsOf(text ?? '');
    return words.every((word) => given.some((candidate) => candidate.startsWith(word)));
  });
}

function sortKeyOf({ account, role }: TeamMate, query: ListingQuery, words: readonly string[]): SortKey {
  switch (query.sortBy) {
    case 'name':
      return nameOf(account);
    case 'handle':
      return account.handle;
    case 'email':
      return account.email_key;
    case 'managed_by':
      return account.managed_by;
    case 'role':
      return role ?? null;
    case 'created_at':
      return account.created_at;
    case 'saml_idp':
      return singleSignOnOf(account).saml?.issuer ?? null;
    case undefined:
      return words.length === 0
        ? account.created_at
        : `${rankOf(account, query.term, words)} ${nameOf(account)}`;
  }
}

/** Whoever is exactly meant comes first, then names that begin so. */
function rankOf(account: AccountRow, term: string, words: readonly string[]): number {
  const exact = term.trim().toLowerCase();
  if (account.handle === exact || account.email?.toLowerCase() === exact) return 0;
  return nameOf(account).startsWith(words.join(' ')) ? 1 : 2;
}

function nameOf({ name }: AccountRow): string {
  return wordsOf(name).join(' ');
}

function directionOf({ sortBy, order }: ListingQuery, words: readonly string[]): 1 | -1 {
  if (sortBy === undefined) return words.length === 0 ? -1 : 1;
  return order === 'asc' ? 1 : -1;
}

function compare([one, oneId]: Place, [other, otherId]: Place, direction: 1 | -1): number {
  if (one === other) return oneId < otherId ? -1 : Number(oneId > otherId);
  if (one === null) return 1;
  if (other === null) return -1;
  if (typeof one !== typeof other) return typeof one === 'number' ? -1 : 1;
  return one < other ? -direction : direction;
}

/** Clients must not look into it. */
export function writePagingState(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** @throws Refusal `bad-request` */
export function readPagingState(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch (cause) {
    throw refuse('bad-request', {
      message: 'query.pagingState: found something else, expected the paging_state of an earlier answer',
      cause,
    });
  }
}
