import {
  type ClientIdsByUser,
  type ClientPrekey,
  lastResortPrekeyId,
  type PrekeyBundle,
  type PrekeysByUser,
} from '#contract/devices.ts';
import type { ClientId, UserId } from '#contract/ids.ts';
import type { PrekeyRow, Storage } from '#storage';
import type { ClientDirectory } from '../clients/client-directory.ts';
import { prekeysClaimed } from '../telemetry.ts';
import { type OwnedClient, takePrekeys } from './prekey-store.ts';

export interface ClaimsNeeds {
  readonly storage: Storage;
  readonly directory: ClientDirectory;
  /** A number in [0, 1). */
  readonly random: () => number;
}

/**
 * Claims of own users' prekeys, for local callers and remotes alike (reference federation-api 5.2.4 to 5.2.6). Whoever
 * asks gets them: nothing is checked but that the client exists.
 */
export interface Claims {
  /** Undefined when the client is unknown or has no prekey. */
  claim(client: OwnedClient): Promise<ClientPrekey | undefined>;
  /** One prekey of each client of the user; an unknown user has none. */
  claimAll(userId: UserId): Promise<PrekeyBundle>;
  /** Every client that was asked for is in the answer, unknown ones with null. */
  claimMany(wanted: ClientIdsByUser): Promise<PrekeysByUser>;
}

export function createClaims({ storage, directory, random }: ClaimsNeeds): Claims {
  /** Only of clients that exist: what is made up costs no unit of work. */
  async function take(clients: readonly OwnedClient[]): Promise<readonly PrekeyRow[]> {
    if (clients.length === 0) return [];
    const fraction = random();
    return await storage.work(async (work) => {
      const rows = await takePrekeys(work, clients, fraction);
      const lastResort = rows.filter(({ id }) => id === lastResortPrekeyId).length;
      work.onCommit(() => prekeysClaimed(rows.length - lastResort, lastResort));
      return rows;
    });
  }

  async function existing(users: readonly UserId[]): Promise<ReadonlyMap<UserId, ReadonlySet<ClientId>>> {
    const clients = await directory.clientsOf(users);
    return new Map([...clients].map(([userId, list]) => [userId, new Set(list.map(({ id }) => id))]));
  }

  return {
    async claim({ userId, clientId }) {
      const known = (await existing([userId])).get(userId)?.has(clientId) ?? false;
      const [row] = known ? await take([{ userId, clientId }]) : [];
      return row && toClientPrekey(row);
    },

    async claimAll(userId) {
      const clientIds = (await existing([userId])).get(userId) ?? new Set();
      const rows = await take([...clientIds].map((clientId) => ({ userId, clientId })));
      return { user: userId, clients: rows.map(toClientPrekey) };
    },

    async claimMany(wanted) {
      const users = Object.entries(wanted) as [UserId, ClientId[]][];
      const known = await existing(users.map(([userId]) => userId));
      const claimable = users.flatMap(([userId, clientIds]) =>
        [...new Set(clientIds)]
          .filter((clientId) => known.get(userId)?.has(clientId))
          .map((clientId) => ({ userId, clientId })),
      );
      return answerOf(users, await take(claimable));
    },
  };
}

function toClientPrekey({ client_id, id, key }: PrekeyRow): ClientPrekey {
  return { client: client_id as ClientId, prekey: { id, key } };
}

function answerOf(
  users: readonly [UserId, readonly ClientId[]][],
  rows: readonly PrekeyRow[],
): PrekeysByUser {
  const answer: PrekeysByUser = Object.fromEntries(
    users.map(([userId, clientIds]) => [userId, Object.fromEntries(clientIds.map((id) => [id, null]))]),
  );
  for (const { user_id, client_id, id, key } of rows) {
    const clients = answer[user_id as UserId];
    if (clients !== undefined) clients[client_id as ClientId] = { id, key };
  }
  return answer;
}
