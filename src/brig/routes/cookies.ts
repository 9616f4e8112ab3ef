import * as client from '#contract/client/cookies.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { CookieRow, Reader } from '#storage';
import { listCookies } from '../login/cookie-store.ts';
import type { PasswordChange } from '../login/password-change.ts';

export interface CookieRouteNeeds {
  readonly reader: Reader;
  readonly passwordChange: PasswordChange;
  readonly now: () => number;
}

/** The user's login sessions (reference client-api 2.7). */
export function cookieRoutes({ reader, passwordChange, now }: CookieRouteNeeds): readonly ServedRoute[] {
  return [
    handle(client.getCookies, async ({ user, query }) => {
      const labels = query.labels?.split(',').filter((label) => label !== '') ?? [];
      const cookies = await listCookies(reader, user.userId, now());
      const wanted =
        labels.length === 0 ? cookies : cookies.filter((row) => labels.includes(row.label ?? ''));
      return { status: 200, body: { cookies: wanted.map(toCookie) } };
    }),
    handle(client.removeCookies, async ({ user, body }) => {
      const which = { ids: body.ids ?? [], labels: body.labels ?? [] };
      await passwordChange.revokeCookies(user.userId, body.password, which);
      return { status: 200 };
    }),
  ];
}

function toCookie(row: CookieRow): client.Cookie {
  return {
    id: row.id,
    type: row.type === 'session' ? 'session' : 'persistent',
    created: new Date(row.created_at).toISOString(),
    expires: new Date(row.expires_at).toISOString(),
    label: row.label,
    successor: row.successor,
  };
}
