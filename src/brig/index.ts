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

export type { AccountTeams } from './accounts/team-needs.ts';
export type { Brig } from './brig.ts';
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
export type { BrigNeeds } from './needs.ts';
export { openBrig } from './open.ts';
export type { RemoteRules } from './search/remote-rules.ts';
export type { BrigSettings, CookieThrottle, FailedLoginBudget } from './settings.ts';
export type { AccountLookup, AccountSummary } from './users/account-lookup.ts';
