import type { ClientClass } from '#contract/devices.ts';
import type { Push } from '#contract/events/push.ts';
import type { CallOptions, FederationCaller, QueuedRpc } from '#contract/federation-caller.ts';
import type { BackendDomain, ClientId, ConversationId, Qualified, TeamId, UserId } from '#contract/ids.ts';
import type { LegalholdStatuses } from '#contract/legalhold.ts';
import type { InputOf, RpcContext } from '#contract/rpc.ts';
import type { Reader, Storage, Work } from '#storage';
import type { RemovalKeys } from './mls/removal-keys.ts';
import type { GalleySettings } from './settings.ts';

/** An own user, as far as conversations care. */
export interface OwnUser {
  readonly id: UserId;
  readonly team: TeamId | null;
  /** Has a verified identity; false for guests of one conversation. */
  readonly isActivated: boolean;
  /** Is a service's bot. */
  readonly isBot: boolean;
}

/** What galley asks about users. Reads the last committed state. */
export interface UserLookup {
  /** Those of the own users that exist and are not deleted. */
  listOwn(ids: readonly UserId[]): Promise<readonly OwnUser[]>;
  /**
   * Those of `others` with whom an own user has an accepted connection: of an own user both sides must have accepted,
   * of a remote one ours.
   */
  connectedWith(user: UserId, others: readonly Qualified<UserId>[]): Promise<readonly Qualified<UserId>[]>;
  /** Those of the own users that have an accepted connection with a user of another backend. */
  connectedTo(remote: Qualified<UserId>, users: readonly UserId[]): Promise<ReadonlySet<UserId>>;
}

/** What teams permit their members: sets of bits. */
export interface TeamLookup {
  /** Undefined when the user is not in the team. */
  permissionsOf(user: UserId, team: TeamId): Promise<number | undefined>;
  /** In whichever team the user is; undefined when in none. */
  ownPermissionsOf(user: UserId): Promise<number | undefined>;
}

/** How own users stand to legal hold. */
export interface LegalholdLookup {
  /** Who is left out has not consented. */
  statusesOf(reader: Reader, users: readonly UserId[]): Promise<LegalholdStatuses>;
}

/** Nobody is under legal hold. */
export const withoutLegalhold: LegalholdLookup = { statusesOf: async () => new Map() };

/** The clients of each of the asked users. */
export type ClientsOfUsers = ReadonlyMap<
  UserId,
  readonly { readonly id: ClientId; readonly class?: ClientClass }[]
>;

/** Which clients users have: asked for each message. */
export interface ClientLookup {
  /** Users without clients, and unknown ones, may be left out. */
  own(users: readonly UserId[]): Promise<ClientsOfUsers>;
  /** Asks another backend. @throws Refusal when it does not answer */
  remote(
    domain: BackendDomain,
    users: readonly UserId[],
    options: Pick<CallOptions, 'requestId'>,
  ): Promise<ClientsOfUsers>;
}

/** The clients of each of the asked users, and whether each can be added to a group of the suite. */
export type MlsClientsOfUsers = ReadonlyMap<
  UserId,
  readonly { readonly id: ClientId; readonly mls: boolean }[]
>;

/** Which clients of users have MLS key packages left: asked for commits that add users. */
export interface MlsClientLookup {
  /** Unknown users have none. */
  own(users: readonly UserId[], suite: number): Promise<MlsClientsOfUsers>;
  /** Asks another backend, once for each user. @throws Refusal when it does not answer */
  remote(
    domain: BackendDomain,
    users: readonly UserId[],
    suite: number,
    options: Pick<CallOptions, 'requestId'>,
  ): Promise<MlsClientsOfUsers>;
}

/** What the end of a team's migration to MLS depends on. */
export interface MigrationLookup {
  /** Undefined when it is off. Unix milliseconds: from when on it ends whatever members support. */
  find(team: TeamId): Promise<{ readonly finaliseAfter: number | undefined } | undefined>;
  /** Whether all say that they understand MLS. @throws Refusal when a backend does not tell of its users */
  allSupportMls(users: readonly Qualified<UserId>[]): Promise<boolean>;
}

/** Whom a broadcast is for (reference client-api 5.7). */
export interface AudienceLookup {
  /** The members of a team, in no order: at most `limit` of them, or only those named. */
  listTeam(team: TeamId, limit: number, only?: readonly UserId[]): Promise<readonly UserId[]>;
  /** Own users who have an accepted connection with the user. */
  listContacts(user: UserId): Promise<readonly UserId[]>;
}

/** Puts events into the streams of own users, in a unit of work. */
export interface Events {
  push(work: Work, push: Push): Promise<void>;
  /** Many at once, in order. */
  pushMany(work: Work, pushes: readonly Push[]): Promise<void>;
}

/** Queues notifications for other backends, in a unit of work. */
export interface Outbox {
  tell<R extends QueuedRpc>(
    work: Work,
    to: readonly BackendDomain[],
    rpc: R,
    lane: string,
    input: InputOf<R>,
  ): Promise<void>;
}

/** Takes each received notification once. */
export interface Inbox {
  /** False: it was received before and must change nothing. */
  first(work: Work, context: Pick<RpcContext, 'origin' | 'deliveryId'>): Promise<boolean>;
  /** Of many that one sender tells: those that were not received before. */
  onlyFirst<C extends { readonly context: Pick<RpcContext, 'origin' | 'deliveryId'> }>(
    work: Work,
    calls: readonly C[],
  ): Promise<readonly C[]>;
}

/** What galley needs of others. */
export interface GalleyNeeds {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  /** How to ask other backends; undefined when federation is off. */
  readonly federation: FederationCaller | undefined;
  readonly users: UserLookup;
  readonly clients: ClientLookup;
  readonly mlsClients: MlsClientLookup;
  readonly audience: AudienceLookup;
  readonly migration: MigrationLookup;
  readonly teams: TeamLookup;
  /** Without it nobody is under legal hold. */
  readonly legalhold?: LegalholdLookup;
  readonly events: Events;
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  /** How this backend takes members out of MLS groups; without it MLS is off. */
  readonly removalKeys?: RemovalKeys;
  /** What differs from production's defaults. */
  readonly settings?: Partial<GalleySettings>;
  /** Unix time in milliseconds. */
  readonly now?: () => number;
}

/** The lane of all that is told of a conversation. */
export function laneOf({ domain, id }: Qualified<ConversationId>): string {
  return `conv:${id}@${domain}`;
}
