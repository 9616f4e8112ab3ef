import type { BackendDomain, UserId } from '#contract/ids.ts';
import { areInConflict } from '#contract/legalhold.ts';
import type { Storage } from '#storage';
import type { AccountTeams } from '../accounts/team-needs.ts';
import type { ConnectionStore } from './connection-store.ts';
import type { Suspensions } from './suspensions.ts';

/** What legal hold of a user means for its connections on this backend (reference client-api 9.4). */
export interface LegalholdConnections {
  /** Suspends those with users who have not consented. */
  suspend(user: UserId): Promise<void>;
  /** Lifts that. */
  resume(user: UserId): Promise<void>;
}

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  readonly store: ConnectionStore;
  readonly suspensions: Suspensions;
  readonly teams: Pick<AccountTeams, 'legalholdStatusesOf'>;
}

export function createLegalholdConnections(needs: Needs): LegalholdConnections {
  const { ownDomain, storage, store, suspensions, teams } = needs;
  return {
    async suspend(user) {
      const relations = await store.listRelations(storage.reader, [user], undefined);
      for (const { to } of relations) {
        if (to.domain !== ownDomain) continue;
        await suspensions.changePair(user, to.id, async (work, rows) => {
          const pair = [user, to.id];
          if (!areInConflict(pair, await teams.legalholdStatusesOf(work.reader, pair))) return;
          for (const row of rows) if (row !== undefined) await suspensions.suspend(work, row);
        });
      }
    },
    resume: suspensions.liftAll,
  };
}
