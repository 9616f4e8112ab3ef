import type { PushToken, Transport } from '#contract/client/push-tokens.ts';
import type { ClientId, UserId } from '#contract/ids.ts';
import type { PushTokenRow, Reader, Work } from '#storage';

export async function listTokens(reader: Reader, user: UserId): Promise<readonly PushToken[]> {
  const rows = await reader
    .selectFrom('push_token')
    .selectAll()
    .where('user_id', '=', user)
    .orderBy('transport')
    .orderBy('app')
    .orderBy('token')
    .execute();
  return rows.map(toToken);
}

/** A token with the user that it leads to. */
export interface UserToken {
  readonly user: UserId;
  readonly token: PushToken;
}

/** All tokens of these users (500 at most). */
export async function listTokensOf(reader: Reader, users: readonly UserId[]): Promise<readonly UserToken[]> {
  const rows = await reader.selectFrom('push_token').selectAll().where('user_id', 'in', users).execute();
  return rows.map((row) => ({ user: row.user_id as UserId, token: toToken(row) }));
}

/** Adds a token, and takes away the older ones of the same client, transport and app. */
export async function putToken(work: Work, user: UserId, token: PushToken): Promise<void> {
  await work.db
    .deleteFrom('push_token')
    .where('user_id', '=', user)
    .where('transport', '=', token.transport)
    .where('app', '=', token.app)
    .where('client_id', '=', token.client)
    .execute();
  await work.db
    .insertInto('push_token')
    .values({
      user_id: user,
      transport: token.transport,
      app: token.app,
      token: token.token,
      client_id: token.client,
    })
    .onConflict((conflict) =>
      conflict.columns(['user_id', 'transport', 'app', 'token']).doUpdateSet({ client_id: token.client }),
    )
    .execute();
}

/** Returns whether the user had it. */
export async function removeToken(work: Work, user: UserId, token: string): Promise<boolean> {
  const { numDeletedRows } = await work.db
    .deleteFrom('push_token')
    .where('user_id', '=', user)
    .where('token', '=', token)
    .executeTakeFirstOrThrow();
  return numDeletedRows > 0n;
}

/** Takes away the tokens of a client, or of all clients of the user. */
export async function removeTokens(work: Work, user: UserId, client?: ClientId): Promise<void> {
  const all = work.db.deleteFrom('push_token').where('user_id', '=', user);
  await (client === undefined ? all : all.where('client_id', '=', client)).execute();
}

function toToken({ transport, app, token, client_id }: PushTokenRow): PushToken {
  return { transport: transport as Transport, app, token, client: client_id as ClientId };
}
