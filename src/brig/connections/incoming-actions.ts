import type { ConnectionAction } from '#contract/federation/brig.ts';
import type { OriginDomain, Qualified, UserId } from '#contract/ids.ts';
import type { Storage } from '#storage';
import { lockAccount } from '../accounts/account-store.ts';
import { hasIdentity } from '../accounts/identity.ts';
import type { ConnectionStore } from './connection-store.ts';
import type { Events } from './needs.ts';
import type { ApplyRelation } from './remote-rows.ts';
import { reactionOf, transition } from './remote-transitions.ts';

/** What users of other backends do to connections with own users. */
export interface IncomingActions {
  /**
   * Applies what a user of another backend has done.
   * @returns what its backend must apply in turn, or `not-activated` when the own user cannot be connected with.
   */
  act(
    from: Qualified<UserId>,
    to: UserId,
    action: ConnectionAction,
  ): Promise<{ readonly reaction: ConnectionAction | null } | 'not-activated'>;
}

export interface IncomingActionNeeds {
  readonly storage: Storage;
  readonly store: ConnectionStore;
  readonly events: Events;
  readonly apply: ApplyRelation;
}

export function createIncomingActions({ storage, store, apply }: IncomingActionNeeds): IncomingActions {
  return {
    act: (from, to, action) =>
      storage.work(async (work) => {
        const account = await lockAccount(work, to);
        if (account === undefined || !hasIdentity(account)) return 'not-activated';
        const row = await store.find(work.reader, to, from);
        const after = transition(action, row?.status ?? 'cancelled');
        if (after === undefined) {
          if (row === undefined) return { reaction: 'RemoteRescind' };
          await store.put(work, { ...row, heard: row.heard + 1 });
          return { reaction: null };
        }
        const change = { user: to, other: from, row, after, actor: 'remote' as const, origin: undefined };
        await apply(work, change);
        return { reaction: reactionOf(after) };
      }),
  };
}

/** The user of an admitted caller: no body can name a user of another backend. */
export function userOfOrigin(origin: OriginDomain, id: UserId): Qualified<UserId> {
  return { domain: origin, id };
}
