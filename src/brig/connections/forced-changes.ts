import { randomUUID } from 'node:crypto';
import type { Relation } from '#contract/client/connections.ts';
import type { BackendDomain, ConversationId, Qualified, UserId } from '#contract/ids.ts';
import type { ForcedChange } from '#contract/internal/connections.ts';
import { refuse } from '#contract/refusal.ts';
import type { Storage, Work } from '#storage';
import { lockAccount } from '../accounts/account-store.ts';
import { findAccount } from '../users/user-store.ts';
import { pushConnection } from './connection-events.ts';
import type { Connection, ConnectionStore } from './connection-store.ts';
import type { Events, OneToOneConversations } from './needs.ts';

/** What operators change of connections between own users, whatever the users say (reference client-api 2.9). */
export interface ForcedChanges {
  /** @throws Refusal `not-connected` when a row to be suspended is missing. */
  apply(change: ForcedChange): Promise<void>;
}

export interface ForcedChangeNeeds {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  readonly store: ConnectionStore;
  readonly events: Events;
  readonly conversations: OneToOneConversations;
  readonly now: () => number;
}

const suspended = 'missing-legalhold-consent';

export function createForcedChanges(needs: ForcedChangeNeeds): ForcedChanges {
  const { ownDomain, storage, store, events, conversations, now } = needs;
  const own = (id: UserId): Qualified<UserId> => ({ domain: ownDomain, id });

  async function listOwnPairs(user: UserId): Promise<readonly UserId[]> {
    const relations = await store.listRelations(storage.reader, [user], undefined);
    return relations
      .filter(({ to, status }) => to.domain === ownDomain && status === suspended)
      .map(({ to }) => to.id);
  }

  async function set(work: Work, row: Connection, status: Relation): Promise<Connection> {
    const suspendedStatus = status === suspended ? (row.suspendedStatus ?? row.status) : undefined;
    const changed = { ...row, status, suspendedStatus, updatedAt: now(), revision: row.revision + 1 };
    await store.put(work, changed);
    return changed;
  }

  /** Both rows of a pair, locked; one unit of work for each pair keeps them short. */
  function changePair(
    user: UserId,
    other: UserId,
    change: (work: Work, rows: readonly [Connection | undefined, Connection | undefined]) => Promise<void>,
  ): Promise<void> {
    return storage.work(async (work) => {
      for (const id of [user, other].toSorted()) await lockAccount(work, id);
      const mine = await store.find(work.reader, user, own(other));
      const theirs = await store.find(work.reader, other, own(user));
      await change(work, [mine, theirs]);
    });
  }

  async function suspend(work: Work, row: Connection | undefined): Promise<void> {
    if (row === undefined) throw refuse('not-connected');
    if (row.status === suspended) return;
    await conversations.leave(work, row.user, row.conversation);
    await pushConnection(events, work, await set(work, row, suspended), undefined);
  }

  async function lift(work: Work, row: Connection | undefined): Promise<void> {
    if (row?.status !== suspended) return;
    await conversations.join(work, row.user, row.conversation, undefined);
    const changed = await set(work, row, row.suspendedStatus ?? 'cancelled');
    const other = await findAccount(work.reader, row.other.id);
    await pushConnection(events, work, changed, undefined, other?.name);
  }

  /** For tests of other programs: an accepted connection out of nothing, with a conversation that nobody keeps. */
  async function create(work: Work, user: UserId, other: Qualified<UserId>): Promise<void> {
    await store.put(work, {
      user,
      other,
      status: 'accepted',
      suspendedStatus: undefined,
      conversation: { domain: ownDomain, id: randomUUID() as ConversationId },
      updatedAt: now(),
      revision: 1,
      heard: 0,
    });
  }

  return {
    async apply(change) {
      switch (change.tag) {
        case 'BlockForMissingLHConsent':
          for (const other of change.others) {
            await changePair(change.user, other, async (work, rows) => {
              for (const row of rows) await suspend(work, row);
            });
          }
          return;
        case 'RemoveLHBlocksInvolving':
          for (const other of await listOwnPairs(change.user)) {
            await changePair(change.user, other, async (work, rows) => {
              for (const row of rows) await lift(work, row);
            });
          }
          return;
        case 'CreateConnectionForTest': {
          const { user, other } = change;
          await storage.work(async (work) => {
            await create(work, user, other);
            if (other.domain === ownDomain) await create(work, other.id, own(user));
          });
        }
      }
    },
  };
}
