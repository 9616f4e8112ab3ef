import { randomUUID } from 'node:crypto';
import type { BackendDomain, ConversationId, Qualified, UserId } from '#contract/ids.ts';
import type { ForcedChange } from '#contract/internal/connections.ts';
import { refuse } from '#contract/refusal.ts';
import type { Storage, Work } from '#storage';
import type { ConnectionStore } from './connection-store.ts';
import type { Suspensions } from './suspensions.ts';

/** What operators change of connections between own users, whatever the users say (reference client-api 2.9). */
export interface ForcedChanges {
  /** @throws Refusal `not-connected` when a row to be suspended is missing. */
  apply(change: ForcedChange): Promise<void>;
}

export interface ForcedChangeNeeds {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  readonly store: ConnectionStore;
  readonly suspensions: Suspensions;
  readonly now: () => number;
}

export function createForcedChanges(needs: ForcedChangeNeeds): ForcedChanges {
  const { ownDomain, storage, store, suspensions, now } = needs;
  const own = (id: UserId): Qualified<UserId> => ({ domain: ownDomain, id });

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
            await suspensions.changePair(change.user, other, async (work, rows) => {
              for (const row of rows) {
                if (row === undefined) throw refuse('not-connected');
                await suspensions.suspend(work, row);
              }
            });
          }
          return;
        case 'RemoveLHBlocksInvolving':
          return await suspensions.liftAll(change.user);
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
