import type { Relation } from '#contract/client/connections.ts';
import type { BackendDomain, Qualified, UserId } from '#contract/ids.ts';
import type { Storage, Work } from '#storage';
import { lockAccount } from '../accounts/account-store.ts';
import { findAccount } from '../users/user-store.ts';
import { pushConnection } from './connection-events.ts';
import type { Connection, ConnectionStore } from './connection-store.ts';
import type { Events, OneToOneConversations } from './needs.ts';

/** Connections between own users that are suspended for want of legal hold consent, and come back as they were. */
export interface Suspensions {
  /** Both rows of a pair, locked; one unit of work for each pair keeps them short. */
  changePair(user: UserId, other: UserId, change: PairChange): Promise<void>;
  suspend(work: Work, row: Connection): Promise<void>;
  /** All of a user's. */
  liftAll(user: UserId): Promise<void>;
}

type PairChange = (
  work: Work,
  rows: readonly [Connection | undefined, Connection | undefined],
) => Promise<void>;

export interface SuspensionNeeds {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  readonly store: ConnectionStore;
  readonly events: Events;
  readonly conversations: OneToOneConversations;
  readonly now: () => number;
}

const suspended = 'missing-legalhold-consent';

export function createSuspensions(needs: SuspensionNeeds): Suspensions {
  const { ownDomain, storage, store, events, conversations, now } = needs;
  const own = (id: UserId): Qualified<UserId> => ({ domain: ownDomain, id });

  async function set(work: Work, row: Connection, status: Relation): Promise<Connection> {
    const suspendedStatus = status === suspended ? (row.suspendedStatus ?? row.status) : undefined;
    const changed = { ...row, status, suspendedStatus, updatedAt: now(), revision: row.revision + 1 };
    await store.put(work, changed);
    return changed;
  }

  async function lift(work: Work, row: Connection | undefined): Promise<void> {
    if (row?.status !== suspended) return;
    await conversations.join(work, row.user, row.conversation, undefined);
    const changed = await set(work, row, row.suspendedStatus ?? 'cancelled');
    const other = await findAccount(work.reader, row.other.id);
    await pushConnection(events, work, changed, undefined, other?.name);
  }

  async function changePair(user: UserId, other: UserId, change: PairChange): Promise<void> {
    await storage.work(async (work) => {
      for (const id of [user, other].toSorted()) await lockAccount(work, id);
      const mine = await store.find(work.reader, user, own(other));
      const theirs = await store.find(work.reader, other, own(user));
      await change(work, [mine, theirs]);
    });
  }

  return {
    changePair,

    async suspend(work, row) {
      if (row.status === suspended) return;
      await conversations.leave(work, row.user, row.conversation);
      await pushConnection(events, work, await set(work, row, suspended), undefined);
    },

    async liftAll(user) {
      const relations = await store.listRelations(storage.reader, [user], undefined);
      for (const { to, status } of relations) {
        if (to.domain !== ownDomain || status !== suspended) continue;
        await changePair(user, to.id, async (work, rows) => {
          for (const row of rows) await lift(work, row);
        });
      }
    },
  };
}
