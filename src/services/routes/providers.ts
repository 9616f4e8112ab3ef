import * as client from '#contract/client/providers.ts';
import type { ProviderId } from '#contract/ids.ts';
import { getProviderActivationCode } from '#contract/internal/providers.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { ProviderRow } from '#storage';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { ServiceAccounts } from '../needs.ts';
import type { ProviderPasswordReset } from '../providers/password-reset.ts';
import type { Providers } from '../providers/providers.ts';

interface Needs {
  readonly accounts: Pick<ServiceAccounts, 'providerCookie'>;
  readonly providers: Providers;
  readonly passwordReset: ProviderPasswordReset;
  readonly catalogue: Pick<Catalogue, 'removeAll'>;
}

/** Providers of services (reference client-api 9.5). */
export function providerRoutes({
  accounts,
  providers,
  passwordReset,
  catalogue,
}: Needs): readonly ServedRoute[] {
  return [
    handle(client.registerProvider, async ({ body }) => {
      const { id, password } = await providers.register(body);
      return { status: 201, body: { id, ...(password === undefined ? {} : { password }) } };
    }),
    handle(client.activateProvider, async ({ query }) => {
      const email = await providers.activate(query.key, query.code);
      return email === undefined ? { status: 204 } : { status: 200, body: { email } };
    }),
    handle(client.loginProvider, async ({ body }) => {
      const { id, sessions_ended_until } = await providers.logIn(body.email, body.password);
      return { status: 200, headers: accounts.providerCookie(id as ProviderId, sessions_ended_until) };
    }),
    handle(client.postProviderPasswordReset, async ({ body }) => {
      await passwordReset.begin(body.email);
      return { status: 201 };
    }),
    handle(client.completeProviderPasswordReset, async ({ body }) => {
      await passwordReset.complete(body.key, body.code, body.password);
      return { status: 200 };
    }),
    handle(client.getOwnProvider, async ({ user }) => {
      const row = await providers.get(user.provider);
      return { status: 200, body: { ...profileOf(row), email: row.email ?? '' } };
    }),
    handle(client.putProvider, async ({ user, body }) => {
      await providers.update(user.provider, body);
      return { status: 200 };
    }),
    handle(client.putProviderEmail, async ({ user, body }) => {
      await providers.changeEmail(user.provider, body.email);
      return { status: 202 };
    }),
    handle(client.putProviderPassword, async ({ user, body }) => {
      await providers.changePassword(user.provider, body.old_password, body.new_password);
      return { status: 200 };
    }),
    handle(client.deleteProvider, async ({ user, body }) => {
      await catalogue.removeAll(user.provider, body.password);
      return { status: 200 };
    }),
    handle(client.getProvider, async ({ params }) => ({
      status: 200,
      body: profileOf(await providers.get(params.pid)),
    })),
  ];
}

/** Providers on the operations listener. */
export function internalProviderRoutes({ providers }: Pick<Needs, 'providers'>): readonly ServedRoute[] {
  return [
    handle(getProviderActivationCode, async ({ query }) => {
      const { key, code } = await providers.getActivation(query.email);
      return { status: 200, body: { key, code } };
    }),
  ];
}

function profileOf({ id, name, url, description }: ProviderRow) {
  return { id: id as ProviderId, name, url, description };
}
