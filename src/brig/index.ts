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
import { federationDisabled } from '#contract/rpc-caller.ts';
import type { Storage, Work } from '#storage';
import { type AccountChanges, createAccountChanges } from './accounts/account-changes.ts';
import { type AccountsForTeams, createAccountsForTeams } from './accounts/accounts-for-teams.ts';
import { createEmailChange } from './accounts/email-change.ts';
import { createEmailRules, type EmailRules } from './accounts/email-rules.ts';
import { createPasswords, type Passwords } from './accounts/password.ts';
import { createProvisioning } from './accounts/provisioning.ts';
import { createRegistration } from './accounts/registration.ts';
import { type AccountTeams, withoutTeams } from './accounts/team-needs.ts';
import { createActivation } from './activation/activation.ts';
import { type AccountsForServices, createAccountsForServices } from './bots/accounts-for-services.ts';
import { createBotAccounts } from './bots/bot-accounts.ts';
import { createCallsConfigs } from './calls/calls-config.ts';
import { createClientTokens, type TokenKeys } from './client-tokens/client-tokens.ts';
import { type ClientDirectory, createClientDirectory } from './clients/client-directory.ts';
import { createUserClientLookup } from './clients/client-lookup.ts';
import { hasClient } from './clients/client-store.ts';
import { type ClientRemovedHook, type Clients, createClients } from './clients/clients.ts';
import { type EventQueues, withoutQueues } from './clients/event-queues.ts';
import { createRemoteClients, type RemoteClients } from './clients/remote-clients.ts';
import type { ConnectionStore } from './connections/connection-store.ts';
import type { FederationStatus } from './connections/federation-status.ts';
import {
  type BackendRules,
  type Inbox,
  type OneToOneConversations,
  type Outbox,
  type TeamRules,
  withoutInbox,
} from './connections/needs.ts';
import type { UserRemoval } from './deletion/account-removal.ts';
import { createHandles } from './handles/handles.ts';
import type { LifetimeRule } from './key-packages/key-package-store.ts';
import { createKeyPackages } from './key-packages/key-packages.ts';
import { createOwnKeyPackages, type OwnKeyPackages } from './key-packages/own-key-packages.ts';
import { createRemoteMlsClients, type RemoteMlsClients } from './key-packages/remote-mls-clients.ts';
import { createLegalholdClients } from './legalhold/legalhold-clients.ts';
import { createLegalholdGuard } from './legalhold/legalhold-guard.ts';
import { createAccess } from './login/access.ts';
import { createInactivity } from './login/inactivity.ts';
import { createLogin } from './login/login.ts';
import { createLoginBudget } from './login/login-budget.ts';
import { createPasswordChange } from './login/password-change.ts';
import { createPasswordReset } from './login/password-reset.ts';
import { createSessions, type Sessions } from './login/sessions.ts';
import { createTokenVerifier, type VerifiedToken } from './login/token-verifier.ts';
import { createVouchedLogin } from './login/vouched-login.ts';
import { Zauth } from './login/zauth.ts';
import { openZauthKeys } from './login/zauth-keys.ts';
import { type Mailer, type MailSettings, openMailer } from './mail/mailer.ts';
import { openPeople, type People } from './people.ts';
import { type Claims, createClaims } from './prekeys/claims.ts';
import { createPrekeyClaims, type PrekeyClaims } from './prekeys/prekey-claims.ts';
import { createProperties } from './properties/properties.ts';
import { botRoutes } from './routes/bots.ts';
import { callRoutes } from './routes/calls.ts';
import { clientTokenRoutes } from './routes/client-tokens.ts';
import { clientRoutes } from './routes/clients.ts';
import { connectionRoutes, internalConnectionRoutes } from './routes/connections.ts';
import { cookieRoutes } from './routes/cookies.ts';
import { deletionRoutes, internalDeletionRoutes } from './routes/deletion.ts';
import { handleRoutes } from './routes/handles.ts';
import { internalClientRoutes } from './routes/internal-clients.ts';
import { internalLoginRoutes } from './routes/internal-logins.ts';
import { internalUserRoutes } from './routes/internal-users.ts';
import { keyPackageRoutes } from './routes/key-packages.ts';
import { loginRoutes } from './routes/login.ts';
import { prekeyRoutes } from './routes/prekeys.ts';
import { propertyRoutes } from './routes/properties.ts';
import { registrationRoutes } from './routes/registration.ts';
import { selfRoutes } from './routes/self.ts';
import { systemSettingsRoutes } from './routes/system-settings.ts';
import { teamMateRoutes } from './routes/team-mates.ts';
import { brigRpcTable } from './rpc/index.ts';
import type { RemoteRules } from './search/remote-rules.ts';
import { searchRoutes } from './search/routes.ts';
import { teamSearchRoutes } from './search/team-routes.ts';
import { createSecondFactor, type SecondFactor } from './second-factor/second-factor.ts';
import { type BrigSettings, defaultSettings } from './settings.ts';
import { type AccountLookup, createAccountLookup } from './users/account-lookup.ts';
import { allSupportMls } from './users/mls-support.ts';
import { userRoutes } from './users/routes.ts';

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
export type { VerifiedToken } from './login/token-verifier.ts';
export type { MailSettings } from './mail/mailer.ts';
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
    verify(text: string): VerifiedToken | undefined;
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

/**
 * Opens brig.
 * @throws Error when the zauth keys cannot be read or made, naming the file and what is wrong.
 */
export async function openBrig(needs: BrigNeeds): Promise<Brig> {
  const zauth = new Zauth(await openZauthKeys(needs.zauthKeys));
  const now = needs.now ?? Date.now;
  const mailer = openMailer(needs.mail);
  const settings: BrigSettings = { ...defaultSettings, ...needs.settings };
  const emailRules = createEmailRules(settings);
  const passwords = createPasswords();
  const secondFactor = createSecondFactor({
    storage: needs.storage,
    teams: needs.teams ?? withoutTeams,
    mailer,
    settings,
    now,
  });
  const devices = createDevices(needs, { settings, passwords, secondFactor, mailer, now });
  const { directory, remoteClients, claims, clients, keyPackages } = devices;
  const people = await openPeople(needs, { settings, passwords, mailer, clients, now });
  const { connections, deletion, federationStatus, userEvents } = people;
  const sessions = createSessions({ zauth, settings, now });
  const changes = createAccountChanges(needs.storage, userEvents);
  const teams = needs.teams ?? withoutTeams;
  const prekeys = createPrekeyClaims({
    ownDomain: needs.ownDomain,
    federation: needs.federation ?? federationDisabled,
    claims,
    legalhold: createLegalholdGuard(needs.storage.reader, teams),
    maxUsers: settings.claimedUsers,
  });
  return {
    rpcs: brigRpcTable({
      ownDomain: needs.ownDomain,
      reader: needs.storage.reader,
      remoteRules: needs.remoteRules,
      directory,
      claims,
      keyPackages,
      mlsEnabled: settings.mlsEnabled,
      storage: needs.storage,
      connections,
      events: needs.events,
      inbox: needs.inbox ?? withoutInbox,
      deletion,
      teams: needs.teams ?? withoutTeams,
    }),
    ...createRoutes(needs, {
      zauth,
      mailer,
      now,
      settings,
      emailRules,
      passwords,
      secondFactor,
      devices,
      people,
      prekeys,
      changes,
      sessions,
    }),
    tokens: { verify: createTokenVerifier(zauth, now) },
    clients: {
      own: directory,
      remote: remoteClients,
      ownMls: keyPackages,
      remoteMls: createRemoteMlsClients(needs.federation ?? federationDisabled),
      recordActivity: clients.recordActivity,
    },
    accounts: createAccountLookup(needs.storage.reader),
    allSupportMls: (users) =>
      allSupportMls(
        {
          ownDomain: needs.ownDomain,
          reader: needs.storage.reader,
          federation: needs.federation ?? federationDisabled,
        },
        users,
      ),
    forServices: createAccountsForServices({
      reader: needs.storage.reader,
      passwords,
      mailer,
      zauth,
      settings,
      prekeys,
      bots: createBotAccounts({ clients, directory, defaultLocale: settings.defaultLocale, now }),
      now,
    }),
    forTeams: createAccountsForTeams({
      reader: needs.storage.reader,
      emailRules,
      mailer,
      passwords,
      secondFactor,
      removal: people.removal,
      changes,
      legalhold: createLegalholdClients({ clients, sessions, userEvents }),
      connections: connections.legalhold,
    }),
    connections: connections.store,
    federationStatus,
    async [Symbol.asyncDispose]() {
      await people[Symbol.asyncDispose]();
      await mailer[Symbol.asyncDispose]();
    },
  };
}

interface Devices {
  readonly directory: ClientDirectory;
  readonly remoteClients: RemoteClients;
  readonly claims: Claims;
  readonly keyPackages: OwnKeyPackages;
  readonly lifetimes: () => LifetimeRule;
  readonly clients: Clients;
}

/** What RPCs and routes share of clients and prekeys. */
function createDevices(
  needs: BrigNeeds,
  {
    settings,
    passwords,
    secondFactor,
    mailer,
    now,
  }: Pick<Owned, 'settings' | 'passwords' | 'secondFactor' | 'mailer' | 'now'>,
): Devices {
  const { ownDomain, storage, events, queues = withoutQueues, onClientRemoved = [] } = needs;
  const directory = createClientDirectory(storage);
  const { clientLimit, keyPackageLifetimeSeconds: lifetimeSeconds } = settings;
  const maximumMs = lifetimeSeconds === undefined ? undefined : lifetimeSeconds * 1000;
  const lifetimes = () => ({ now: now(), maximumMs });
  return {
    directory,
    remoteClients: createRemoteClients(needs.federation ?? federationDisabled),
    claims: createClaims({ storage, directory, random: Math.random }),
    keyPackages: createOwnKeyPackages({ ownDomain, storage, directory, lifetimes }),
    lifetimes,
    clients: createClients({
      storage,
      passwords,
      secondFactor,
      mailer,
      directory,
      events,
      queues,
      onClientRemoved,
      clientLimit,
      now,
    }),
  };
}

interface Owned {
  readonly zauth: Zauth;
  readonly mailer: Mailer;
  readonly now: () => number;
  readonly settings: BrigSettings;
  readonly emailRules: EmailRules;
  readonly passwords: Passwords;
  readonly secondFactor: SecondFactor;
  readonly devices: Devices;
  readonly people: People;
  readonly prekeys: PrekeyClaims;
  readonly changes: AccountChanges;
  readonly sessions: Sessions;
}

/** Puts the subjects together: each gets what it declares in its needs. */
function createRoutes(needs: BrigNeeds, owned: Owned): Pick<Brig, 'routes' | 'internalRoutes'> {
  const { zauth, mailer, now, settings, emailRules, passwords, secondFactor } = owned;
  const { devices, people, prekeys, changes, sessions } = owned;
  const { ownDomain, storage, events, remoteRules, federation = federationDisabled } = needs;
  const { directory, remoteClients, clients } = devices;
  const { connections, userEvents, deletion, federationStatus } = people;
  const { reader } = storage;
  const activation = createActivation({ storage, settings, emailRules, userEvents, mailer, now });
  const registration = createRegistration({
    storage,
    settings,
    emailRules,
    passwords,
    activation,
    sessions,
    teams: needs.teams ?? withoutTeams,
    userEvents,
    now,
  });
  const budget = createLoginBudget(storage, settings.failedLogins, now);
  const inactivity = createInactivity(storage, changes, settings.suspendInactiveSeconds, now);
  const login = createLogin({ storage, passwords, budget, secondFactor, sessions, inactivity, now });
  const teams = needs.teams ?? withoutTeams;
  const vouchedLogin = createVouchedLogin({ storage, passwords, sessions, inactivity, teams });
  const access = createAccess({
    storage,
    zauth,
    sessions,
    clients: { has: hasClient },
    inactivity,
    settings,
    now,
  });
  const emailChange = createEmailChange(storage, activation, emailRules);
  const passwordReset = createPasswordReset({ storage, passwords, mailer, settings, now });
  const passwordChange = createPasswordChange(storage, passwords);
  const properties = createProperties({ storage, events, limits: settings.properties });
  const legalhold = createLegalholdGuard(reader, teams);
  const keyPackages = createKeyPackages({
    ownDomain,
    storage,
    federation,
    own: devices.keyPackages,
    enabled: settings.mlsEnabled,
    lifetimes: devices.lifetimes,
    legalhold,
  });
  const lookup = createUserClientLookup({ ownDomain, directory, remoteClients });
  const handles = createHandles({
    storage,
    userEvents,
    reservationSeconds: settings.handleReservationSeconds,
    now,
  });
  const provisioning = createProvisioning({ storage, settings, handles, teams, now });
  return {
    routes: [
      ...registrationRoutes({ ownDomain, registration, activation, sessions }),
      ...loginRoutes({ login, access, sessions, emailChange, passwordReset, secondFactor }),
      ...cookieRoutes({ reader, passwordChange, now }),
      ...selfRoutes({ ownDomain, reader, changes, handles, passwordChange }),
      ...handleRoutes(handles),
      ...clientRoutes({ ownDomain, reader, clients, lookup }),
      ...clientTokenRoutes(createClientTokens({ ownDomain, storage, keys: needs.tokenKeys, now })),
      ...prekeyRoutes({ ownDomain, prekeys }),
      ...botRoutes({ ownDomain, reader, teams, clients }),
      ...keyPackageRoutes(keyPackages),
      ...propertyRoutes({ reader, properties }),
      ...connectionRoutes({ ownDomain, reader, connections }),
      ...deletionRoutes(deletion),
      ...userRoutes({ ownDomain, reader, federation, teams, onExpired: deletion.removeExpired }),
      ...searchRoutes({ ownDomain, reader, federation, remoteRules, teams: needs.teams ?? withoutTeams }),
      ...teamSearchRoutes({ reader, teams: needs.teams ?? withoutTeams, now }),
      ...teamMateRoutes({ reader, teams: needs.teams ?? withoutTeams, emailChange }),
      ...systemSettingsRoutes({ settings }),
      ...callRoutes(createCallsConfigs(settings.calls, now)),
    ],
    internalRoutes: [
      ...internalLoginRoutes({ ownDomain, provisioning, vouchedLogin, sessions }),
      ...internalUserRoutes({
        ownDomain,
        reader,
        registration,
        changes,
        handles,
        passwordReset,
        secondFactor,
        now,
      }),
      ...internalConnectionRoutes({ ownDomain, reader, connections, federationStatus }),
      ...internalDeletionRoutes(deletion),
      ...internalClientRoutes({ reader, clients, directory }),
    ],
  };
}
