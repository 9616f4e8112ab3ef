import { refuse } from '#contract/refusal.ts';
import type { AuthenticatedUser } from '#contract/route.ts';
import type { VerifyToken } from './token-verifier.ts';

/** Where a request may carry its token. */
export interface Credentials {
  readonly authorization: string | undefined;
  /** The query parameter `access_token`. */
  readonly accessToken: unknown;
}

/** What a legal hold service may call with its tokens: it reads what the user gets (wire-server, nginz's `zauth_acl`). */
const legalholdPaths = /^\/(notifications|assets|users)(\/|$)/;

/**
 * Finds out who calls, for a route that only users may call. The header comes before the query parameter; nothing
 * else that a caller sends (`Z-User` and the like) counts.
 *
 * @param path without version
 * @throws Refusal `unauthorized` (401) when no valid token is there, `access-denied` (403) when it is a token of
 * another kind.
 */
export function authenticate(credentials: Credentials, path: string, verify: VerifyToken): AuthenticatedUser {
  const text = tokenOf(credentials);
  const token = verify(text);
  if (token === undefined) {
    throw refuse('unauthorized:token', { message: 'The access token does not verify or has expired' });
  }
  const isAccepted = token.type === 'a' || (token.type === 'la' && legalholdPaths.test(path));
  if (!isAccepted || token.userId === undefined || token.connectionId === undefined) {
    throw refuse('access-denied:token', {
      message: `expected an access token (t=a), found a token of type t=${token.type}`,
    });
  }
  return { userId: token.userId, clientId: token.clientId, connectionId: token.connectionId };
}

function tokenOf({ authorization, accessToken }: Credentials): string {
  if (authorization !== undefined) {
    const bearer = /^Bearer +(\S+)$/i.exec(authorization);
    if (bearer?.[1] !== undefined) return bearer[1];
    throw refuse('unauthorized:token', { message: 'Authorization: expected "Bearer" and a token' });
  }
  if (typeof accessToken === 'string' && accessToken !== '') return accessToken;
  throw refuse('unauthorized:token', {
    message: 'The request carries no access token: expected Authorization: Bearer …',
  });
}
