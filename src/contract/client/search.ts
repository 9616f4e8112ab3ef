import { Type } from 'typebox';
import { Contact, SearchPolicy } from '../profiles.ts';
import { route } from '../route.ts';
import { Domain } from '../schema.ts';

/** Search for people (reference client-api 3.3). */

/** Most results of one search, and how many there are when `size` is not given. */
export const searchSize = { max: 500, default: 15 } as const;

export const SearchResult = Type.Object({
  documents: Type.Array(Contact),
  found: Type.Integer(),
  returned: Type.Integer(),
  /** Milliseconds. */
  took: Type.Integer(),
  search_policy: SearchPolicy,
});

export const searchContacts = route('GET', '/search/contacts', {
  about: 'Searches people by handle and name, here or on one other backend.',
  auth: 'user',
  query: {
    q: Type.String(),
    /** The own domain when not given. */
    domain: Type.Optional(Domain),
    /** 1 to 500; not sent to other backends. */
    size: Type.Optional(Type.String({ pattern: '^[0-9]{1,9}$', description: 'a number from 1 to 500' })),
  },
  answers: { 200: SearchResult },
});

export const postOnboarding = route('POST', '/onboarding/v3', {
  about: 'Does nothing: address books are not looked through for people.',
  auth: 'user',
  body: Type.Unknown(),
  answers: {
    200: Type.Object({
      results: Type.Array(Type.Unknown(), { maxItems: 0 }),
      'auto-connects': Type.Array(Type.Unknown(), { maxItems: 0 }),
    }),
  },
});
