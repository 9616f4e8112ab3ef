import * as client from '#contract/client/self.ts';
import type { BackendDomain, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { type AuthenticatedUser, handle, type ServedRoute } from '#contract/route.ts';
import type { AccountRow, Reader } from '#storage';
import type { AccountChanges } from '../accounts/account-changes.ts';
import { hasIdentity } from '../accounts/identity.ts';
import type { Handles } from '../handles/handles.ts';
import type { PasswordChange } from '../login/password-change.ts';
import { selfProfileOf } from '../users/profile.ts';
import { findAccount } from '../users/user-store.ts';

export interface SelfRouteNeeds {
  readonly ownDomain: BackendDomain;
  readonly reader: Reader;
  readonly changes: AccountChanges;
  readonly handles: Handles;
  readonly passwordChange: PasswordChange;
}

/** The user's own account (reference client-api 2.7, 2.8, 3.1). */
export function selfRoutes(needs: SelfRouteNeeds): readonly ServedRoute[] {
  return [...profileRoutes(needs), ...identityRoutes(needs)];
}

function profileRoutes({ ownDomain, reader, changes }: SelfRouteNeeds): readonly ServedRoute[] {
  return [
    handle(client.getSelf, async ({ user }) => {
      const account = await getAccount(reader, user.userId);
      return { status: 200, body: selfProfileOf(account, ownDomain) };
    }),
    handle(client.putSelf, async ({ user, body }) => {
      await changes.update(user.userId, body, 'user', originOf(user));
      return { status: 200 };
    }),
    handle(client.putSelfLocale, async ({ user, body }) => {
      await changes.setLocale(user.userId, body.locale, originOf(user));
      return { status: 200 };
    }),
    handle(client.putSelfSupportedProtocols, async ({ user, body }) => {
      await changes.setSupportedProtocols(user.userId, body.supported_protocols, originOf(user));
      return { status: 200 };
    }),
  ];
}

function identityRoutes({ reader, handles, passwordChange }: SelfRouteNeeds): readonly ServedRoute[] {
  return [
    handle(client.putSelfHandle, async ({ user, body }) => {
      await handles.set(user.userId, body.handle, 'user', originOf(user));
      return { status: 200 };
    }),
    handle(client.headSelfPassword, async ({ user }) => {
      const account = await getAccount(reader, user.userId);
      if (account.password_hash === null) throw refuse('not-found', { message: 'No password is set' });
      return { status: 200 };
    }),
    handle(client.putSelfPassword, async ({ user, body }) => {
      await passwordChange.change(user.userId, body.old_password, body.new_password);
      return { status: 200 };
    }),
    // An account has one identity or none: there is never a second one that could stay.
    handle(client.deleteSelfEmail, async ({ user }) => {
      throw refuse(await lastIdentityOf(reader, user.userId));
    }),
    handle(client.deleteSelfPhone, async ({ user }) => {
      throw refuse(await lastIdentityOf(reader, user.userId));
    }),
    handle(client.putSelfPhone, () => {
      throw refuse('invalid-phone', {
        message: 'phone: found one, but accounts here have e-mail addresses only',
      });
    }),
  ];
}

async function lastIdentityOf(reader: Reader, userId: UserId): Promise<'no-identity' | 'last-identity'> {
  return hasIdentity(await getAccount(reader, userId)) ? 'last-identity' : 'no-identity';
}

/** The login session that causes an event need not be told of it. */
function originOf({ userId, connectionId }: AuthenticatedUser) {
  return { user: userId, connectionId };
}

async function getAccount(reader: Reader, userId: UserId): Promise<AccountRow> {
  const account = await findAccount(reader, userId);
  if (account === undefined) throw refuse('not-found:user');
  return account;
}
