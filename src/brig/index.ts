/**
 * Brig: accounts, authentication, handles, profiles, clients with their prekeys and MLS key packages, connections and
 * search.
 *
 * It owns who a user is and how one proves it: registration, activation, login sessions, access tokens, handles,
 * profiles, and what other backends may ask about its users. It must never know of conversations or of how requests
 * travel: routes and RPCs are tables of handlers that gateway and federator serve.
 *
 * Start reading at `accounts/registration.ts` (how an account comes to be), `login/access.ts` (what a cookie proves),
 * `login/zauth.ts` (tokens), `clients/clients.ts` (devices), `prekeys/prekey-store.ts` (why no key is given twice) and
 * `key-packages/key-packages.ts` (what clients leave for MLS groups); `rpc/` and `routes/` translate between the wire and
 * these.
 */
import type { Push } from '#contract/events/push.ts';
import type { FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain, ClientId, Qualified, UserId } from '#contract/ids.ts';
import type { ServedRoute } from '#contract/route.ts';
import type { ServedRpc } from '#contract/rpc.ts';
import type { VerifyToken } from '#contract/verified-token.ts';
import type { Storage, Work } from '#storage';
import type { AccountsForTeams } from './accounts/accounts-for-teams.ts';
import type { AccountTeams } from './accounts/team-needs.ts';
import type { AccountsForServices } from './bots/accounts-for-services.ts';
import type { TokenKeys } from './client-tokens/client-tokens.ts';
import type { ClientDirectory } from './clients/client-directory.ts';
import type { ClientRemovedHook } from './clients/clients.ts';
import type { EventQueues } from './clients/event-queues.ts';
import type { RemoteClients } from './clients/remote-clients.ts';
import type { ConnectionStore } from './connections/connection-store.ts';
import type { FederationStatus } from './connections/federation-status.ts';
import type { BackendRules, Inbox, OneToOneConversations, Outbox, TeamRules } from './connections/needs.ts';
import type { UserRemoval } from './deletion/account-removal.ts';
import type { OwnKeyPackages } from './key-packages/own-key-packages.ts';
import type { RemoteMlsClients } from './key-packages/remote-mls-clients.ts';
import type { MailSettings } from './mail/mailer.ts';
import type { RemoteRules } from './search/remote-rules.ts';
import type { BrigSettings } from './settings.ts';
import type { AccountLookup } from './users/account-lookup.ts';

export type { AccountTeams } from './accounts/team-needs.ts';
export type { ClientDirectory, ClientsOfUsers } from './clients/client-directory.ts';
export type { ClientRemovedHook } from './clients/clients.ts';
export type { EventQueues } from './clients/event-queues.ts';
export type { RemoteClients } from './clients/remote-clients.ts';
export type { FederationStatus, FoundStatus } from './connections/federation-status.ts';
export type {
  BackendRules,
  Inbox,
  OneToOneConversations,
  OneToOneType,
  Origin,
  Outbox,
  TeamRules,
} from './connections/needs.ts';
export type { UserRemoval } from './deletion/account-removal.ts';
export type { RemoteMlsClients } from './key-packages/remote-mls-clients.ts';
export type { MailSettings } from './mail/mailer.ts';
export { openBrig } from './open.ts';
export type { RemoteRules } from './search/remote-rules.ts';
export type { BrigSettings, CookieThrottle, FailedLoginBudget } from './settings.ts';
export type { AccountLookup, AccountSummary } from './users/account-lookup.ts';

/** What brig needs of others. */
export interface BrigNeeds {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  /** How to ask other backends; undefined when federation is off. */
  readonly federation: FederationCaller | undefined;
  /** What the list of remote backends says about searching, connecting, and backends as a whole. */
  readonly remoteRules: RemoteRules & TeamRules & BackendRules;
  readonly mail: MailSettings;
  /** Folder of the keys that sign tokens; made on the first start. */
  readonly zauthKeys: string;
  /** Sign what clients show to certificate authorities; without them no client gets such a token. */
  readonly tokenKeys?: TokenKeys;
  /** What differs from production's defaults. */
  readonly settings?: Partial<BrigSettings>;
  /** Puts events into the streams of own users' clients. */
  readonly events: { push(work: Work, push: Push): Promise<void> };
  /** Keeps events for clients that acknowledge them; without it they are clients like others. */
  readonly queues?: EventQueues;
  /** Queues notifications for other backends; without it none are told. */
  readonly outbox?: Outbox;
  /** Tells repeats of a received notification apart; without it every one counts as the first. */
  readonly inbox?: Inbox;
  /** The conversations behind connections; without it a connection only has a conversation's id. */
  readonly conversations?: OneToOneConversations;
  /** Whoever keeps something for users, in the order in which it goes: push tokens, conversations. */
  readonly onUserDeleted?: readonly UserRemoval[];
  /** Whoever keeps teams; without it they are ids and nothing more. */
  readonly teams?: AccountTeams;
  /** Whoever keeps something for clients. */
  readonly onClientRemoved?: readonly ClientRemovedHook[];
  /** Unix time in milliseconds. */
  readonly now?: () => number;
}

export interface Brig extends AsyncDisposable {
  readonly rpcs: readonly ServedRpc[];
  /** For the client listener. */
  readonly routes: readonly ServedRoute[];
  /** For the operations listener. */
  readonly internalRoutes: readonly ServedRoute[];
  readonly tokens: {
    /** What a token says, when it is well-formed, signed by us and not expired. Never throws. */
    readonly verify: VerifyToken;
  };
  /** Which own users exist. */
  readonly accounts: AccountLookup;
  /** Whether all of the users, of whatever backend, say that they understand MLS. @throws Refusal as a federated call */
  allSupportMls(users: readonly Qualified<UserId>[]): Promise<boolean>;
  readonly forTeams: AccountsForTeams;
  readonly forServices: AccountsForServices;
  /** How own users stand to others. */
  readonly connections: Pick<ConnectionStore, 'find' | 'listRelations' | 'listContacts'>;
  /** Whether other backends federate with each other. */
  readonly federationStatus: FederationStatus;
  /** Own users' clients, and those of remotes' users. */
  readonly clients: {
    readonly own: ClientDirectory;
    readonly remote: RemoteClients;
    /** Which of them can be added to MLS groups. */
    readonly ownMls: Pick<OwnKeyPackages, 'mlsClientsOf'>;
    readonly remoteMls: RemoteMlsClients;
    /** Notes that a client is in use. */
    recordActivity(userId: UserId, clientId: ClientId): Promise<void>;
  };
}
