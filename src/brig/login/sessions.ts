import { randomBytes, randomInt } from 'node:crypto';
import type { AccessToken } from '#contract/client/login.ts';
import type { ClientId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { CookieRow, Work } from '#storage';
import type { BrigSettings } from '../settings.ts';
import { cookiesToEvict, throttleSeconds } from './cookie-limits.ts';
import {
  addCookie,
  listCookies,
  removeCookies,
  removeExpiredCookies,
  supersedeCookie,
} from './cookie-store.ts';
import type { Zauth } from './zauth.ts';

/** Login sessions: a `zuid` cookie that lasts, and the short access tokens that are got with it. */

export type CookieType = 'persistent' | 'session';
/** Of a legal hold service's cookies: tokens for it are of kinds of their own (`lu`, `la`). */
type SessionType = CookieType | 'legalhold';

export interface SessionNeeds {
  readonly zauth: Zauth;
  readonly settings: BrigSettings;
  readonly now: () => number;
}

export interface NewSession {
  readonly userId: UserId;
  readonly type: SessionType;
  readonly label: string | null;
  readonly clientId?: ClientId;
}

export interface Sessions {
  /** A cookie that is not kept yet. */
  draft(session: NewSession): CookieRow;
  /** What the client keeps of a cookie. */
  token(row: CookieRow): string;
  /** Makes a cookie, whatever their number. The account must be locked. */
  add(work: Work, session: NewSession): Promise<CookieRow>;
  /**
   * Makes a cookie as a login does: within the limits. The account must be locked.
   * @throws Refusal `client-error` (429) when logins come too frequently.
   */
  addWithinLimits(work: Work, session: NewSession): Promise<CookieRow>;
  /** Makes the successor of a cookie, which itself lives on for one renew age. The account must be locked. */
  succeed(work: Work, old: CookieRow, clientId: ClientId | undefined): Promise<CookieRow>;
  /** `Set-Cookie` with the token of a cookie. */
  header(row: CookieRow): Readonly<Record<string, string>>;
  /** `Set-Cookie` that makes the user agent forget its cookie. */
  forgetHeader(): Readonly<Record<string, string>>;
  /** @param connection keeps the login session of an older token; a new one when not given. */
  accessToken(row: CookieRow, clientId: ClientId | undefined, connection?: string): AccessToken;
}

const maxUint32 = 0xffff_ffff;

export function createSessions({ zauth, settings, now }: SessionNeeds): Sessions {
  const secure = settings.secureCookies ? '; Secure' : '';

  function lifeOf(type: SessionType): number {
    if (type === 'legalhold') return settings.legalholdCookieSeconds;
    return type === 'persistent' ? settings.userCookieSeconds : settings.sessionCookieSeconds;
  }

  function draft(session: NewSession): CookieRow {
    const seconds = lifeOf(session.type);
    return {
      user_id: session.userId,
      id: randomInt(maxUint32),
      type: session.type,
      created_at: now(),
      // Tokens know whole seconds: the row expires when its token does.
      expires_at: (Math.floor(now() / 1000) + seconds) * 1000,
      label: session.label,
      successor: null,
      client_id: session.clientId ?? null,
    };
  }

  async function add(work: Work, session: NewSession): Promise<CookieRow> {
    const row = draft(session);
    await addCookie(work, row);
    return row;
  }

  function token(row: CookieRow): string {
    return zauth.issue(
      {
        type: row.type === 'legalhold' ? 'lu' : 'u',
        userId: row.user_id as UserId,
        random: row.id,
        ...(row.client_id === null ? {} : { clientId: row.client_id as ClientId }),
      },
      { expires: Math.floor(row.expires_at / 1000), session: row.type === 'session' },
    );
  }

  return {
    draft,
    token,
    add,

    async addWithinLimits(work, session) {
      await removeExpiredCookies(work, session.userId, now());
      const all = await listCookies(work.reader, session.userId, now());
      const present = all.filter((cookie) => cookie.type === session.type);
      const evicted = cookiesToEvict(settings.cookieLimit, present);
      if (evicted.length > 0) {
        const { cookieThrottle } = settings;
        const wait = cookieThrottle && throttleSeconds(cookieThrottle, present, now());
        if (wait !== undefined) {
          throw refuse('client-error:logins-too-frequent', { headers: { 'retry-after': String(wait) } });
        }
        await removeCookies(
          work,
          session.userId,
          evicted.map((cookie) => cookie.id),
        );
      }
      return await add(work, session);
    },

    async succeed(work, old, clientId) {
      const type = old.type as SessionType;
      const row = await add(work, { userId: old.user_id as UserId, type, label: old.label, clientId });
      await supersedeCookie(work, old, row.id, now() + settings.cookieRenewAgeSeconds * 1000);
      return row;
    },

    header(row) {
      const expires = row.type === 'session' ? '' : `; Expires=${new Date(row.expires_at).toUTCString()}`;
      return { 'set-cookie': `zuid=${token(row)}; Path=/access${expires}; HttpOnly${secure}` };
    },

    forgetHeader() {
      const past = new Date(0).toUTCString();
      return { 'set-cookie': `zuid=; Path=/access; Expires=${past}; HttpOnly${secure}` };
    },

    accessToken(row, clientId, connection = randomConnection()) {
      const userId = row.user_id as UserId;
      const expires = Math.floor(now() / 1000) + settings.accessTokenSeconds;
      const type = row.type === 'legalhold' ? 'la' : 'a';
      const body = { type, userId, ...(clientId && { clientId }), connection } as const;
      return {
        user: userId,
        token_type: 'Bearer',
        expires_in: settings.accessTokenSeconds,
        access_token: zauth.issue(body, { expires }),
      };
    },
  };
}

function randomConnection(): string {
  return randomBytes(8).readBigUInt64BE().toString();
}
