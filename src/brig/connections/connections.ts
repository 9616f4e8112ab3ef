import type { Relation } from '#contract/client/connections.ts';
import type { CallOptions, FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain, Qualified, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Storage } from '#storage';
import type { AccountTeams } from '../accounts/team-needs.ts';
import { type Connection, type ConnectionStore, createConnectionStore } from './connection-store.ts';
import { createForcedChanges, type ForcedChanges } from './forced-changes.ts';
import { createIncomingActions, type IncomingActions } from './incoming-actions.ts';
import { createLegalholdConnections, type LegalholdConnections } from './legalhold-connections.ts';
import type { Events, OneToOneConversations, Origin, Outbox, TeamRules } from './needs.ts';
import { type Changed, createOwnConnections } from './own-connections.ts';
import { createRemoteConnections, type RemoteConnections } from './remote-connections.ts';
import { createApplyRelation } from './remote-rows.ts';
import { createSettlement, type Pauses, type Settlement } from './settlement.ts';
import { createSuspensions } from './suspensions.ts';

export interface ConnectionNeeds {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  readonly federation: FederationCaller;
  readonly teamRules: TeamRules;
  readonly events: Events;
  readonly outbox: Outbox;
  readonly conversations: OneToOneConversations;
  readonly teams: Pick<AccountTeams, 'legalholdStatusesOf'>;
  readonly maxConnections: number;
  readonly pauses?: Pauses;
  readonly now: () => number;
}

/** Connections between users of this backend, and with users of others (reference client-api 3.4). */
export interface Connections {
  readonly store: ConnectionStore;
  readonly incoming: IncomingActions;
  readonly forced: ForcedChanges;
  readonly settlement: Settlement;
  readonly legalhold: LegalholdConnections;
  /** Asks for a connection. @throws as `OwnConnections.request` and `RemoteConnections.request`. */
  request(user: UserId, other: Qualified<UserId>, origin: Origin, options: CallOptions): Promise<Changed>;
  /** @throws as `OwnConnections.update` and `RemoteConnections.update`. */
  update(
    user: UserId,
    other: Qualified<UserId>,
    wanted: Relation,
    origin: Origin,
    options: CallOptions,
  ): Promise<Connection | undefined>;
}

export function createConnections(needs: ConnectionNeeds): Connections {
  const store = createConnectionStore(needs.ownDomain);
  const apply = createApplyRelation({ ...needs, store });
  const own = createOwnConnections({ ...needs, store });
  const settlement = createSettlement({ ...needs, connections: () => remote });
  const remote: RemoteConnections = createRemoteConnections({
    ...needs,
    store,
    apply,
    random: Math.random,
    doubted: (intent) => settlement.add(intent),
  });
  const suspensions = createSuspensions({ ...needs, store });
  const isOwn = ({ domain }: Qualified<UserId>) => domain === needs.ownDomain;
  return {
    store,
    settlement,
    incoming: createIncomingActions({ ...needs, store, apply }),
    forced: createForcedChanges({ ...needs, store, suspensions }),
    legalhold: createLegalholdConnections({ ...needs, store, suspensions }),

    async request(user, other, origin, options) {
      if (isOwn(other)) return await own.request(user, other.id, origin);
      return await remote.request(user, other, origin, options);
    },

    async update(user, other, wanted, origin, options) {
      if (isOwn(other) && user === other.id) throw refuse('not-connected');
      if (isOwn(other)) return await own.update(user, other.id, wanted, origin);
      return await remote.update(user, other, wanted, origin, options);
    },
  };
}
