import type { PubClient } from '#contract/devices.ts';
import type { ClientId, UserId } from '#contract/ids.ts';
import type { Storage, Work } from '#storage';
import { pubClientOf } from './client-form.ts';
import { listClientsOf } from './client-store.ts';

export type ClientsOfUsers = ReadonlyMap<UserId, readonly PubClient[]>;

/** Which clients the users of this backend have: asked for each message that is sent. */
export interface ClientDirectory {
  /** The clients of each of the users by id; unknown users have none. */
  clientsOf(users: readonly UserId[]): Promise<ClientsOfUsers>;
  /** Must be called in each unit of work that changes which clients a user has, or their classes. */
  changed(work: Work, userId: UserId): void;
}

/** Users whose clients are remembered: some 20 MB when each has eight. */
const rememberedUsers = 20_000;

/**
 * Remembers what it has read where this process is the only one that writes: on SQLite. On PostgreSQL other replicas
 * change clients too, so each question is one query there.
 */
export function createClientDirectory(
  { reader, dialect }: Pick<Storage, 'reader' | 'dialect'>,
  mostUsers = rememberedUsers,
): ClientDirectory {
  const read = async (users: readonly UserId[]) => groupByUser(users, await listClientsOf(reader, users));
  if (dialect === 'postgres') return { clientsOf: read, changed() {} };
  return createMemory(read, mostUsers);
}

type Read = (users: readonly UserId[]) => Promise<Map<UserId, readonly PubClient[]>>;

/** What changes while a read is under way may have been read before or after: it is not remembered. */
function createMemory(read: Read, mostUsers: number): ClientDirectory {
  const remembered = new Map<UserId, readonly PubClient[]>();
  const reads = new Set<Set<UserId>>();

  function remember(userId: UserId, clients: readonly PubClient[]): void {
    remembered.delete(userId);
    remembered.set(userId, clients);
    if (remembered.size <= mostUsers) return;
    const [oldest] = remembered.keys();
    if (oldest !== undefined) remembered.delete(oldest);
  }

  async function readAndRemember(users: readonly UserId[]): Promise<Map<UserId, readonly PubClient[]>> {
    const changedMeanwhile = new Set<UserId>();
    reads.add(changedMeanwhile);
    try {
      const found = await read(users);
      for (const [userId, clients] of found) {
        if (!changedMeanwhile.has(userId)) remember(userId, clients);
      }
      return found;
    } finally {
      reads.delete(changedMeanwhile);
    }
  }

  return {
    async clientsOf(users) {
      const known = new Map<UserId, readonly PubClient[]>();
      const unknown: UserId[] = [];
      for (const userId of users) {
        const clients = remembered.get(userId);
        if (clients === undefined) unknown.push(userId);
        else known.set(userId, clients);
      }
      if (unknown.length === 0) return known;
      return new Map([...known, ...(await readAndRemember(unknown))]);
    },

    changed(work, userId) {
      work.onCommit(() => {
        remembered.delete(userId);
        for (const changedMeanwhile of reads) changedMeanwhile.add(userId);
      });
    },
  };
}

function groupByUser(
  users: readonly UserId[],
  rows: Awaited<ReturnType<typeof listClientsOf>>,
): Map<UserId, readonly PubClient[]> {
  const groups = new Map<UserId, PubClient[]>(users.map((userId) => [userId, []]));
  for (const row of rows) groups.get(row.user_id as UserId)?.push(pubClientOf(row));
  for (const clients of groups.values()) clients.sort((one, other) => compareIds(one.id, other.id));
  return groups;
}

function compareIds(one: ClientId, other: ClientId): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
