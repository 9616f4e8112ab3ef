import { randomUUID } from 'node:crypto';
import type { ClientId, UserId } from '#contract/ids.ts';
import type { Work } from '#storage';

/** The table `client_nonce`: of a client, the newest nonce alone counts, and once. */

/** Makes a nonce in place of an earlier one: a version 4 UUID in base64url, as wire-server's are. */
export async function putNonce(
  work: Work,
  user: UserId,
  client: ClientId,
  expiresAt: number,
): Promise<string> {
  const nonce = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
  const changed = { nonce, expires_at: expiresAt };
  await work.db
    .insertInto('client_nonce')
    .values({ user_id: user, client_id: client, ...changed })
    .onConflict((conflict) => conflict.columns(['user_id', 'client_id']).doUpdateSet(changed))
    .execute();
  return nonce;
}

/** Takes the nonce of a client away; undefined when it has none that counts. */
export async function takeNonce(
  work: Work,
  user: UserId,
  client: ClientId,
  now: number,
): Promise<string | undefined> {
  const row = await work.db
    .deleteFrom('client_nonce')
    .where('user_id', '=', user)
    .where('client_id', '=', client)
    .returning(['nonce', 'expires_at'])
    .executeTakeFirst();
  return row === undefined || row.expires_at <= now ? undefined : row.nonce;
}

export async function removeNonces(work: Work, user: UserId, clients: readonly ClientId[]): Promise<void> {
  await work.db
    .deleteFrom('client_nonce')
    .where('user_id', '=', user)
    .where('client_id', 'in', clients)
    .execute();
}
