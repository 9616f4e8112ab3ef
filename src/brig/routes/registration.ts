import * as client from '#contract/client/registration.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { Registration } from '../accounts/registration.ts';
import type { Activated, Activation } from '../activation/activation.ts';
import type { Sessions } from '../login/sessions.ts';
import { selfProfileOf } from '../users/profile.ts';

export interface RegistrationRouteNeeds {
  readonly ownDomain: BackendDomain;
  readonly registration: Registration;
  readonly activation: Activation;
  readonly sessions: Sessions;
}

/** Registration and activation (reference client-api 2.3, 2.4). */
export function registrationRoutes(needs: RegistrationRouteNeeds): readonly ServedRoute[] {
  const { ownDomain, registration, activation, sessions } = needs;
  return [
    handle(client.register, async ({ body }) => {
      const { account, cookie } = await registration.register(body);
      return {
        status: 201,
        headers: { ...sessions.header(cookie), location: account.id },
        body: selfProfileOf(account, ownDomain),
      };
    }),
    handle(client.sendActivation, async ({ body }) => {
      await activation.sendCode(readEmailTarget(body));
      return { status: 200 };
    }),
    handle(client.getActivate, async ({ query }) => answer(await activation.activate(query.key, query.code))),
    handle(client.postActivate, async ({ body }) => {
      const key = body.key ?? activation.keyOf(readEmailTarget(body));
      if (!body.dryrun) return answer(await activation.activate(key, body.code));
      await activation.tryCode(key, body.code);
      return { status: 200, body: undefined };
    }),
  ];
}

function answer({ outcome, email }: Activated) {
  if (outcome === 'unchanged') return { status: 204 } as const;
  return { status: 200, body: { email, first: outcome === 'first' } } as const;
}

/** @throws Refusal `invalid-phone`, `bad-request`. */
function readEmailTarget(body: { readonly email?: string; readonly phone?: string }): string {
  if (body.email !== undefined) return body.email;
  if (body.phone === undefined) {
    throw refuse('bad-request', { message: 'body: found neither email nor phone, expected one of them' });
  }
  throw refuse('invalid-phone', {
    message: 'phone: found one, but accounts here have e-mail addresses only',
  });
}
