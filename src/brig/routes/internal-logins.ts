import type { BackendDomain } from '#contract/ids.ts';
import * as internal from '#contract/internal/logins.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { Provisioning } from '../accounts/provisioning.ts';
import type { Sessions } from '../login/sessions.ts';
import type { VouchedLogin } from '../login/vouched-login.ts';
import { selfProfileOf } from '../users/profile.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly provisioning: Provisioning;
  readonly vouchedLogin: VouchedLogin;
  readonly sessions: Sessions;
}

/** What single sign-on and legal hold services ask for. */
export function internalLoginRoutes(needs: Needs): readonly ServedRoute[] {
  const { ownDomain, provisioning, vouchedLogin, sessions } = needs;
  return [
    handle(internal.createSparUser, async ({ body }) => {
      const account = await provisioning.create(body);
      return { status: 201, headers: { location: account.id }, body: selfProfileOf(account, ownDomain) };
    }),
    handle(internal.ssoLogin, async ({ body, query }) => {
      const type = query.persist?.toLowerCase() === 'true' ? 'persistent' : 'session';
      const { token, cookie } = await vouchedLogin.bySso(body.user, type, body.label ?? null);
      return { status: 200, headers: sessions.header(cookie), body: token };
    }),
    handle(internal.legalholdLogin, async ({ body: { user, password, label } }) => {
      const { token, cookie } = await vouchedLogin.byLegalhold(user, password ?? undefined, label ?? null);
      return { status: 200, headers: sessions.header(cookie), body: token };
    }),
  ];
}
