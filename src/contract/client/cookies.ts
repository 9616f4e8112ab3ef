import { Type } from 'typebox';
import { route } from '../route.ts';
import { Nullable, UtcMillis } from '../schema.ts';
import { KnownPassword } from './registration.ts';

/** The user's login sessions (reference client-api 2.7). */

const CookieId = Type.Integer({ minimum: 0, maximum: 4_294_967_295 });

export const Cookie = Type.Object({
  id: CookieId,
  type: Type.Union([Type.Literal('session'), Type.Literal('persistent')]),
  created: UtcMillis,
  expires: UtcMillis,
  label: Nullable(Type.String()),
  successor: Nullable(CookieId),
});
export type Cookie = Type.Static<typeof Cookie>;

export const CookieList = Type.Object({ cookies: Type.Array(Cookie) });

export const getCookies = route('GET', '/cookies', {
  about: 'Lists the own cookies, or those with the given labels.',
  auth: 'user',
  query: {
    labels: Type.Optional(Type.String({ maxLength: 4096, description: 'labels, separated by commas' })),
  },
  answers: { 200: CookieList },
});

export const removeCookies = route('POST', '/cookies/remove', {
  about: 'Revokes the cookies with the given ids or labels; without any, all.',
  auth: 'user',
  body: Type.Object({
    password: KnownPassword,
    labels: Type.Optional(Type.Array(Type.String(), { maxItems: 1000 })),
    ids: Type.Optional(Type.Array(CookieId, { maxItems: 1000 })),
  }),
  answers: { 200: null },
});
