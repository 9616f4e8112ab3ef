import { refuse } from '#contract/refusal.ts';
import type { Authenticated, AuthenticatedUser } from '#contract/route.ts';
import type { VerifiedToken, VerifyToken } from '#contract/verified-token.ts';
import { parseCookies } from '../adapter/cookies.ts';

/** Where a request may carry its token. */
export interface Credentials {
  readonly authorization: string | undefined;
  /** The query parameter `access_token`. */
  readonly accessToken: unknown;
  /** The header; providers may carry their token there. */
  readonly cookie: string | undefined;
}

/** What a legal hold service may call with its tokens: it reads what the user gets (wire-server, nginz's `zauth_acl`). */
const legalholdPaths = /^\/(notifications|assets|users)(\/|$)/;

/**
 * Finds out who calls, for a route that asks for a token of this kind. The header comes before the query parameter, and
 * for providers their cookie last; nothing else that a caller sends (`Z-User` and the like) counts.
 *
 * @param path without version
 * @throws Refusal `unauthorized` (401) when no valid token is there, `access-denied` (403) when it is a token of
 * another kind.
 */
export function authenticateAs<K extends keyof Authenticated>(
  kind: K,
  credentials: Credentials,
  path: string,
  verify: VerifyToken,
): Authenticated[K] {
  const token = verify(tokenOf(credentials, kind));
  if (token === undefined) {
    throw refuse('unauthorized:token', { message: 'The access token does not verify or has expired' });
  }
  const caller: Authenticated[K] | undefined = readers[kind](token, path);
  if (caller !== undefined) return caller;
  throw refuse('access-denied:token', {
    message: `expected a token of a ${kind}, found a token of type t=${token.type}`,
  });
}

/** Who is behind a token of each kind; undefined for a token of another. */
const readers: {
  readonly [K in keyof Authenticated]: (token: VerifiedToken, path: string) => Authenticated[K] | undefined;
} = {
  user: readUser,
  bot: ({ type, bot }) => (type === 'b' ? bot : undefined),
  provider: ({ type, provider }) => (type === 'p' ? provider : undefined),
};

function readUser(token: VerifiedToken, path: string): AuthenticatedUser | undefined {
  const { userId, clientId, connectionId } = token;
  const isAccepted = token.type === 'a' || (token.type === 'la' && legalholdPaths.test(path));
  if (!isAccepted || userId === undefined || connectionId === undefined) return undefined;
  return { userId, clientId, connectionId };
}

function tokenOf({ authorization, accessToken, cookie }: Credentials, kind: keyof Authenticated): string {
  if (authorization !== undefined) {
    const bearer = /^Bearer +(\S+)$/i.exec(authorization);
    if (bearer?.[1] !== undefined) return bearer[1];
    throw refuse('unauthorized:token', { message: 'Authorization: expected "Bearer" and a token' });
  }
  if (typeof accessToken === 'string' && accessToken !== '') return accessToken;
  const kept =
    kind === 'provider' ? parseCookies(cookie).find(({ name }) => name === 'zprovider') : undefined;
  if (kept !== undefined) return kept.value;
  throw refuse('unauthorized:token', {
    message: 'The request carries no access token: expected Authorization: Bearer …',
  });
}
