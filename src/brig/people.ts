import { federationDisabled } from '#contract/rpc-caller.ts';
import type { Passwords } from './accounts/password.ts';
import { withoutTeams } from './accounts/team-needs.ts';
import { createUserEvents, type UserEvents } from './accounts/user-events.ts';
import type { Clients } from './clients/clients.ts';
import { type Connections, createConnections } from './connections/connections.ts';
import { createFederationStatus, type FederationStatus } from './connections/federation-status.ts';
import { withoutConversations, withoutOutbox } from './connections/needs.ts';
import { type AccountRemoval, createAccountRemoval } from './deletion/account-removal.ts';
import { createDeletion, type Deletion } from './deletion/deletion.ts';
import type { Mailer } from './mail/mailer.ts';
import type { BrigNeeds } from './needs.ts';
import { removePropertyRows } from './properties/property-store.ts';
import type { BrigSettings } from './settings.ts';

/** What RPCs and routes share of how users stand to each other and how they go. */
export interface People extends AsyncDisposable {
  readonly connections: Connections;
  readonly userEvents: UserEvents;
  readonly removal: AccountRemoval;
  readonly deletion: Deletion;
  readonly federationStatus: FederationStatus;
}

export interface PeopleNeeds {
  readonly settings: BrigSettings;
  readonly passwords: Passwords;
  readonly mailer: Mailer;
  readonly clients: Pick<Clients, 'removeAll'>;
  readonly now: () => number;
}

/** Puts connections and deletion together, and takes up what an earlier process has left unsettled. */
export async function openPeople(
  needs: BrigNeeds,
  { settings, passwords, mailer, clients, now }: PeopleNeeds,
): Promise<People> {
  const { ownDomain, storage, events, federation = federationDisabled } = needs;
  const outbox = needs.outbox ?? withoutOutbox;
  const teams = needs.teams ?? withoutTeams;
  const connections = createConnections({
    ownDomain,
    storage,
    federation,
    teamRules: needs.remoteRules,
    events,
    outbox,
    conversations: needs.conversations ?? withoutConversations,
    teams,
    maxConnections: settings.maxConnections,
    now,
  });
  const { store, settlement } = connections;
  const removal = createAccountRemoval({
    ownDomain,
    storage,
    store,
    settlement,
    events,
    outbox,
    properties: removePropertyRows,
    elsewhere: needs.onUserDeleted ?? [],
    clients: clients.removeAll,
    now,
  });
  const deletion = createDeletion({
    storage,
    passwords,
    mailer,
    removal,
    teams,
    deletionUrl: settings.deletionUrl,
    now,
  });
  if (needs.federation !== undefined) await settlement.start();
  return {
    connections,
    userEvents: createUserEvents({ ownDomain, events, store, teams }),
    removal,
    deletion,
    federationStatus: createFederationStatus(federation),
    async [Symbol.asyncDispose]() {
      await Promise.all([settlement[Symbol.asyncDispose](), deletion[Symbol.asyncDispose]()]);
    },
  };
}
