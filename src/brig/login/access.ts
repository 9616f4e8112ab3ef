import type { AccessToken } from '#contract/client/login.ts';
import type { ClientId, UserId } from '#contract/ids.ts';
import { Refusal, refuse } from '#contract/refusal.ts';
import type { CookieRow, Reader, Storage } from '#storage';
import { lockAccount } from '../accounts/account-store.ts';
import type { BrigSettings } from '../settings.ts';
import { supersededCookieUsed } from '../telemetry.ts';
import { findAccount } from '../users/user-store.ts';
import { findCookie, removeCookies } from './cookie-store.ts';
import type { Inactivity } from './inactivity.ts';
import type { Sessions } from './sessions.ts';
import { type ParsedToken, parseToken, type TokenBody, type Zauth } from './zauth.ts';

/**
 * What a caller proves with its cookie, alone or with an access token, without the gateway having looked at either
 * (reference client-api 2.6).
 */
export interface Credentials {
  /** Every `zuid` cookie of the request, in its order. */
  readonly cookies: readonly string[];
  /** The `Authorization` header. */
  readonly authorization: string | undefined;
}

/** Which clients (devices) a user has. */
export interface ClientLookup {
  has(reader: Reader, userId: UserId, clientId: ClientId): Promise<boolean>;
}

export interface AccessNeeds {
  readonly storage: Storage;
  readonly zauth: Zauth;
  readonly sessions: Sessions;
  readonly clients: ClientLookup;
  readonly inactivity: Inactivity;
  readonly settings: BrigSettings;
  readonly now: () => number;
}

/** A new access token; `cookie` only when it was renewed or bound to a client. */
export interface Renewed {
  readonly token: AccessToken;
  readonly cookie: CookieRow | undefined;
}

export interface Access {
  /** @throws Refusal `invalid-credentials`, `client-error`. */
  renew(credentials: Credentials, clientId: ClientId | undefined): Promise<Renewed>;
  /** Revokes the cookie; needs both credentials. @throws as `renew`. */
  logout(credentials: Credentials): Promise<void>;
  /** The user that both credentials name. @throws as `renew`. */
  userOf(credentials: Credentials): Promise<UserId>;
}

type UserToken = ParsedToken & { readonly body: TokenBody & { readonly type: 'u' | 'lu' } };
type AccessTokenRead = ParsedToken & { readonly body: TokenBody & { readonly type: 'a' | 'la' } };

/** Credentials that were found good. */
interface Proven {
  readonly userId: UserId;
  /** The client that the cookie is bound to. */
  readonly boundTo: ClientId | undefined;
  readonly row: CookieRow;
  /** Login session of the access token, when one was given. */
  readonly connection: string | undefined;
}

export function createAccess(needs: AccessNeeds): Access {
  const { storage, zauth, sessions, now } = needs;

  /** Takes the first good cookie; when none is, refuses as for the first. */
  async function prove(credentials: Credentials, accessRequired: boolean): Promise<Proven> {
    const { cookies, access } = readCredentials(credentials, accessRequired);
    let refusal: Refusal | undefined;
    for (const cookie of cookies) {
      const judged = await judge(cookie, access);
      if (!(judged instanceof Refusal)) return judged;
      refusal ??= judged;
    }
    throw refusal ?? refuse('invalid-credentials:token');
  }

  async function judge(cookie: UserToken, access: AccessTokenRead | undefined): Promise<Proven | Refusal> {
    const { userId, random, clientId } = cookie.body;
    if (access !== undefined && access.body.userId !== userId) {
      return refuse('invalid-credentials:token', { message: 'Cookie and access token are not of one user' });
    }
    if (access !== undefined && (access.body.type === 'la') !== (cookie.body.type === 'lu')) {
      return refuse('invalid-credentials:token', { message: 'Cookie and access token are not of one kind' });
    }
    const state = zauth.check(cookie, now() / 1000);
    if (state === 'expired') return refuse('invalid-credentials:expired');
    if (state !== 'valid') return refuse('invalid-credentials:token');
    // An expired access token still tells which login session it was.
    const accessState = access === undefined ? 'valid' : zauth.check(access, now() / 1000);
    if (accessState !== 'valid' && accessState !== 'expired') return refuse('invalid-credentials:token');
    const row = await findCookie(storage.reader, userId, random, now());
    if (row === undefined) return refuse('invalid-credentials:token');
    return { userId, boundTo: clientId, row, connection: access?.body.connection };
  }

  async function assertUsable(userId: UserId): Promise<void> {
    const account = await findAccount(storage.reader, userId);
    const usable = account !== undefined && ['active', 'pending', 'ephemeral'].includes(account.status);
    if (!usable || (account.expires_at !== null && account.expires_at <= now())) {
      throw refuse('invalid-credentials:expired');
    }
  }

  /** @throws Refusal when the user has no such client, or the cookie is bound to another. */
  async function assertBindable({ userId, boundTo }: Proven, wanted: ClientId): Promise<void> {
    if (!(await needs.clients.has(storage.reader, userId, wanted))) {
      throw refuse('invalid-credentials:token', { message: `client_id: the user has no client ${wanted}` });
    }
    if (boundTo !== undefined && boundTo !== wanted) {
      throw refuse('invalid-credentials:token', {
        message: `client_id: found ${wanted}, expected ${boundTo}, which the cookie is bound to`,
      });
    }
  }

  function isDue(row: CookieRow): boolean {
    return row.type !== 'session' && now() - row.created_at > needs.settings.cookieRenewAgeSeconds * 1000;
  }

  /** Decided again under the account's lock: of renewals that come together all get the one successor. */
  async function nextCookie(userId: UserId, id: number, clientId: ClientId | undefined): Promise<CookieRow> {
    return await storage.work(async (work) => {
      await lockAccount(work, userId);
      const row = await findCookie(work.reader, userId, id, now());
      if (row === undefined) throw refuse('invalid-credentials:token');
      if (row.successor !== null) {
        work.onCommit(() => supersededCookieUsed(userId, id));
        const successor = await findCookie(work.reader, userId, row.successor, now());
        if (successor !== undefined && successor.client_id === (clientId ?? null)) return successor;
      }
      return await sessions.succeed(work, row, clientId);
    });
  }

  return {
    async renew(credentials, wanted) {
      const proven = await prove(credentials, false);
      const { userId, boundTo, row } = proven;
      if (wanted !== undefined) await assertBindable(proven, wanted);
      await assertUsable(userId);
      if (await needs.inactivity.suspend(userId)) throw refuse('invalid-credentials:expired');
      const clientId = boundTo ?? wanted;
      const renew = clientId !== boundTo || isDue(row);
      const cookie = renew ? await nextCookie(userId, row.id, clientId) : undefined;
      return { token: sessions.accessToken(cookie ?? row, clientId, proven.connection), cookie };
    },

    async logout(credentials) {
      const { userId, row } = await prove(credentials, true);
      await storage.work((work) => removeCookies(work, userId, [row.id]));
    },

    async userOf(credentials) {
      const { userId } = await prove(credentials, true);
      await assertUsable(userId);
      return userId;
    },
  };
}

/** Of several cookies those that cannot be read are passed over, unless none can. */
function readCredentials(
  { cookies: texts, authorization }: Credentials,
  accessRequired: boolean,
): { readonly cookies: readonly UserToken[]; readonly access: AccessTokenRead | undefined } {
  const cookies = texts.map(parseToken).filter((token) => token !== undefined && isUserToken(token));
  if (texts.length > 0 && cookies.length === 0) throw refuse('client-error:cookie');
  const access = authorization === undefined ? undefined : readAuthorization(authorization);
  if (texts.length === 0) {
    throw refuse(access === undefined ? 'invalid-credentials:nothing' : 'invalid-credentials:no-cookie');
  }
  if (access === undefined && accessRequired) throw refuse('invalid-credentials:no-token');
  return { cookies, access };
}

function readAuthorization(header: string): AccessTokenRead {
  const [, text] = /^Bearer +(\S+)$/i.exec(header) ?? [];
  const token = text === undefined ? undefined : parseToken(text);
  if (token !== undefined && isAccessToken(token)) return token;
  throw refuse('invalid-credentials:token', {
    message: 'Authorization: expected Bearer and an access token',
  });
}

function isUserToken(token: ParsedToken): token is UserToken {
  return token.body.type === 'u' || token.body.type === 'lu';
}

function isAccessToken(token: ParsedToken): token is AccessTokenRead {
  return token.body.type === 'a' || token.body.type === 'la';
}
