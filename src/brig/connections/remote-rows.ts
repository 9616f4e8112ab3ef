import type { Relation } from '#contract/client/connections.ts';
import type { BackendDomain, Qualified, UserId } from '#contract/ids.ts';
import { oneToOneConversation } from '#contract/one-to-one.ts';
import type { Work } from '#storage';
import { pushConnection } from './connection-events.ts';
import type { Connection, ConnectionStore } from './connection-store.ts';
import type { Events, OneToOneConversations, Origin } from './needs.ts';
import { belongsIn } from './remote-transitions.ts';

export interface RemoteRowNeeds {
  readonly ownDomain: BackendDomain;
  readonly store: ConnectionStore;
  readonly events: Events;
  readonly conversations: OneToOneConversations;
  readonly now: () => number;
}

/** A row for a user of another backend, as it was locked, and where it goes. */
export interface RelationChange {
  readonly user: UserId;
  readonly other: Qualified<UserId>;
  readonly row: Connection | undefined;
  readonly after: Relation;
  readonly actor: 'own' | 'remote';
  readonly origin: Origin;
}

/**
 * Writes a row with a user of another backend, brings the membership of the one who acted in line, and tells the own
 * user's clients; also when the status stays what it was, as wire-server does.
 */
export type ApplyRelation = (work: Work, change: RelationChange) => Promise<Connection>;

export function createApplyRelation(needs: RemoteRowNeeds): ApplyRelation {
  const { ownDomain, store, events, conversations, now } = needs;

  async function alignConversations(work: Work, change: RelationChange, connection: Connection) {
    const { user, other, row, after, actor } = change;
    const belongs = belongsIn(actor, after);
    const membership = { ownUser: user, remoteUser: other, actor, belongs };
    await conversations.setMembership(work, { ...membership, conversation: connection.conversation });
    if (row === undefined) return;
    const mls = oneToOneConversation('mls', { domain: ownDomain, id: user }, other);
    const state = await conversations.mlsState(work, user, mls);
    const returns = state === 'not-a-member' && row.status === 'blocked' && after === 'accepted';
    if (state === 'established' || returns) {
      await conversations.setMembership(work, { ...membership, conversation: mls });
    }
  }

  return async (work, change) => {
    const { user, other, row, after, actor, origin } = change;
    const conversation =
      row?.conversation ?? oneToOneConversation('proteus', { domain: ownDomain, id: user }, other);
    const connection: Connection = {
      user,
      other,
      conversation,
      status: after,
      suspendedStatus: undefined,
      updatedAt: now(),
      revision: (row?.revision ?? 0) + (actor === 'own' ? 1 : 0),
      heard: (row?.heard ?? 0) + (actor === 'remote' ? 1 : 0),
    };
    await alignConversations(work, change, connection);
    await store.put(work, connection);
    await pushConnection(events, work, connection, origin);
    return connection;
  };
}
