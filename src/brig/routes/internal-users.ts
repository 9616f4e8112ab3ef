import { type BackendDomain, type Handle, parseUuid, type UserId } from '#contract/ids.ts';
import * as internal from '#contract/internal/users.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { AccountRow, Reader } from '#storage';
import type { AccountChanges } from '../accounts/account-changes.ts';
import { findAccountByEmailKey } from '../accounts/account-store.ts';
import { readEmail } from '../accounts/email.ts';
import type { Registration } from '../accounts/registration.ts';
import { activationKey, findActivation } from '../activation/activation-store.ts';
import { readHandle } from '../handles/handle-rules.ts';
import type { Handles } from '../handles/handles.ts';
import type { PasswordReset } from '../login/password-reset.ts';
import type { SecondFactor } from '../second-factor/second-factor.ts';
import { selfProfileOf } from '../users/profile.ts';
import { findAccount, findAccountByHandle, listAccounts } from '../users/user-store.ts';

export interface InternalUserRouteNeeds {
  readonly ownDomain: BackendDomain;
  readonly reader: Reader;
  readonly registration: Registration;
  readonly changes: AccountChanges;
  readonly handles: Handles;
  readonly passwordReset: PasswordReset;
  readonly secondFactor: SecondFactor;
  readonly now: () => number;
}

/** Accounts on the operations listener (reference client-api 2.9). */
export function internalUserRoutes(needs: InternalUserRouteNeeds): readonly ServedRoute[] {
  return [...readingRoutes(needs), ...codeRoutes(needs), ...changingRoutes(needs)];
}

function readingRoutes({ ownDomain, reader }: InternalUserRouteNeeds): readonly ServedRoute[] {
  return [
    handle(internal.getUsers, async ({ query }) => {
      const accounts = await findAccounts(reader, query);
      return { status: 200, body: accounts.map((row) => toAccount(row, ownDomain)) };
    }),
    handle(internal.getUser, async ({ params }) => ({
      status: 200,
      body: toAccount(await getAccount(reader, params.uid), ownDomain),
    })),
    handle(internal.getUserStatus, async ({ params }) => ({
      status: 200,
      body: { status: toStatus(await getAccount(reader, params.uid)) },
    })),
  ];
}

function codeRoutes({
  reader,
  passwordReset,
  secondFactor,
  now,
}: InternalUserRouteNeeds): readonly ServedRoute[] {
  return [
    handle(internal.getActivationCode, async ({ query }) => {
      const key = activationKey(readEmail(readEmailQuery(query)).key);
      const pending = await findActivation(reader, key, now());
      if (pending === undefined) throw refuse('not-found', { message: 'No activation is pending' });
      return { status: 200, body: { key: pending.key, code: pending.code } };
    }),
    handle(internal.getPasswordResetCode, async ({ query }) => ({
      status: 200,
      body: await passwordReset.find(readEmailQuery(query)),
    })),
    handle(internal.getVerificationCode, async ({ params }) => ({
      status: 200,
      body: (await secondFactor.find(params.uid, params.action)) ?? null,
    })),
  ];
}

function changingRoutes(needs: InternalUserRouteNeeds): readonly ServedRoute[] {
  const { ownDomain, registration, changes, handles } = needs;
  return [
    handle(internal.createUser, async ({ body }) => {
      const account = await registration.create(body);
      return { status: 201, headers: { location: account.id }, body: selfProfileOf(account, ownDomain) };
    }),
    handle(internal.putUserHandle, async ({ params, body }) => {
      await handles.set(params.uid, body.handle, 'operator');
      return { status: 200 };
    }),
    handle(internal.putUserName, async ({ params, body }) => {
      await changes.update(params.uid, body, 'operator');
      return { status: 200 };
    }),
    handle(internal.putUserStatus, async ({ params, body }) => {
      await changes.setStatus(params.uid, body.status);
      return { status: 200 };
    }),
    handle(internal.refreshIndex, () => ({ status: 200 })),
  ];
}

/** The first given parameter counts; unknown values are left out. */
async function findAccounts(
  reader: Reader,
  query: { readonly ids?: string; readonly handles?: string; readonly email?: string },
): Promise<readonly AccountRow[]> {
  if (query.ids !== undefined) return await listAccounts(reader, query.ids.split(',').map(readId));
  const found =
    query.handles === undefined
      ? splitList(query.email).map((text) => findAccountByEmailKey(reader, readEmail(text).key))
      : splitList(query.handles).map((text) => findAccountByHandle(reader, readHandle(text) as Handle));
  return (await Promise.all(found)).filter((account) => account !== undefined);
}

function splitList(text: string | undefined): readonly string[] {
  if (text === undefined) {
    throw refuse('bad-request', { message: 'query: found none of ids, handles and email, expected one' });
  }
  return text.split(',');
}

function readId(text: string): UserId {
  const id = parseUuid<UserId>(text);
  if (id !== undefined) return id;
  throw refuse('bad-request', { message: 'query.ids: expected UUIDs separated by commas' });
}

/** @throws Refusal `bad-request` unless exactly one identity is asked for; `not-found` for a phone number. */
function readEmailQuery(query: { readonly email?: string; readonly phone?: string }): string {
  if ((query.email === undefined) === (query.phone === undefined)) {
    throw refuse('bad-request', { message: 'query: expected exactly one of email and phone' });
  }
  if (query.email === undefined)
    throw refuse('not-found', { message: 'phone: no account has phone numbers' });
  return query.email;
}

async function getAccount(reader: Reader, userId: UserId): Promise<AccountRow> {
  const account = await findAccount(reader, userId);
  if (account === undefined) throw refuse('not-found:user');
  return account;
}

/** What operators see: the self profile and the state. */
function toAccount(row: AccountRow, ownDomain: BackendDomain): internal.Account {
  return { ...selfProfileOf(row, ownDomain), status: toStatus(row) };
}

/** For wire-server an account that waits for its activation is active, only without an identity. */
function toStatus(row: AccountRow): internal.AccountStatus {
  return row.status === 'pending' ? 'active' : (row.status as internal.AccountStatus);
}
