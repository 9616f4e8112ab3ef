import * as client from '#contract/client/login.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { EmailChange } from '../accounts/email-change.ts';
import type { Access, Credentials } from '../login/access.ts';
import type { Login } from '../login/login.ts';
import type { PasswordReset } from '../login/password-reset.ts';
import type { Sessions } from '../login/sessions.ts';
import type { SecondFactor } from '../second-factor/second-factor.ts';

export interface LoginRouteNeeds {
  readonly login: Login;
  readonly access: Access;
  readonly sessions: Sessions;
  readonly emailChange: EmailChange;
  readonly passwordReset: PasswordReset;
  readonly secondFactor: SecondFactor;
}

/** Logging in, renewing access, forgotten passwords (reference client-api 2.5 to 2.7). */
export function loginRoutes(needs: LoginRouteNeeds): readonly ServedRoute[] {
  return [...sessionRoutes(needs), ...passwordResetRoutes(needs.passwordReset)];
}

function sessionRoutes({
  login,
  access,
  sessions,
  emailChange,
  secondFactor,
}: LoginRouteNeeds): readonly ServedRoute[] {
  return [
    handle(client.login, async ({ body, query }) => {
      const type = query.persist?.toLowerCase() === 'true' ? 'persistent' : 'session';
      const { token, cookie } = await login.login(body, type);
      return { status: 200, headers: sessions.header(cookie), body: token };
    }),
    handle(client.sendLoginCode, () => {
      throw refuse('invalid-phone', {
        message: 'phone: found one, but accounts here have e-mail addresses only',
      });
    }),
    handle(client.sendVerificationCode, async ({ body }) => {
      await secondFactor.send(body.email, body.action);
      return { status: 200 };
    }),
    handle(client.access, async (request) => {
      const { token, cookie } = await access.renew(credentialsOf(request), request.query.client_id);
      return { status: 200, ...(cookie && { headers: sessions.header(cookie) }), body: token };
    }),
    handle(client.logout, async (request) => {
      await access.logout(credentialsOf(request));
      return { status: 200, headers: sessions.forgetHeader() };
    }),
    handle(client.putAccessSelfEmail, async (request) => {
      const userId = await access.userOf(credentialsOf(request));
      const outcome = await emailChange.request(userId, request.body.email, 'user');
      return { status: outcome === 'mailed' ? 202 : 204 };
    }),
  ];
}

function passwordResetRoutes(passwordReset: PasswordReset): readonly ServedRoute[] {
  return [
    handle(client.postPasswordReset, async ({ body }) => {
      await passwordReset.begin(body.email);
      return { status: 201 };
    }),
    handle(client.completePasswordResetByKey, async ({ params: { key }, body }) => {
      await passwordReset.complete({ key }, body.code, body.password);
      return { status: 200 };
    }),
    handle(client.completePasswordReset, async ({ body }) => {
      await passwordReset.complete(body, body.code, body.password);
      return { status: 200 };
    }),
  ];
}

function credentialsOf(request: {
  readonly cookies: readonly { readonly name: string; readonly value: string }[];
  readonly authorization: string | undefined;
  readonly query: { readonly access_token?: string };
}): Credentials {
  const cookies = request.cookies.filter(({ name }) => name === 'zuid').map(({ value }) => value);
  const { access_token: token } = request.query;
  const authorization = request.authorization ?? (token === undefined ? undefined : `Bearer ${token}`);
  return { cookies, authorization };
}
