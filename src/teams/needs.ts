import type { Email, InvitationMail, MemberCard } from '#contract/accounts.ts';
import type { Push } from '#contract/events/push.ts';
import type { ClientId, TeamId, UserId } from '#contract/ids.ts';
import type { LegalholdDevice } from '#contract/legalhold.ts';
import type { CallService } from '#contract/service-caller.ts';
import type { Reader, Storage, Work } from '#storage';
import type { TeamsSettings } from './settings.ts';

/** Puts events into the streams of own users' clients. */
export interface Events {
  push(work: Work, push: Push): Promise<void>;
}

/** What teams asks of whoever keeps accounts. */
export interface TeamAccounts {
  /** The verified e-mail address of a user. */
  findEmail(user: UserId): Promise<string | undefined>;
  /** Of those of the users that are active or suspended. */
  listCards(reader: Reader, users: readonly UserId[]): Promise<ReadonlyMap<UserId, MemberCard>>;
  /** @throws Refusal `invalid-email` */
  readEmail(text: string): Email;
  /** The address of somebody who may be invited. @throws Refusal `invalid-email`, `blacklisted-email` */
  readInvitee(text: string): Email;
  /** Whether somebody has an account with the address. */
  isEmailTaken(reader: Reader, key: string): Promise<boolean>;
  /** After the commit; that it cannot be sent fails nothing. */
  mailInvitation(mail: InvitationMail): void;
  /** Whether this is the password of the user, who may have none. */
  verifyPassword(user: UserId, password: string | undefined): Promise<boolean>;
  /**
   * The user has given the mailed code for deleting its team, if it needs one.
   * @throws Refusal `code-authentication-required`, `code-authentication-failed`
   */
  assertSecondFactor(user: UserId, code: string | undefined): Promise<void>;
  /**
   * Deletes an account with all that belongs to it. False when there is none any more.
   * @param allowed decides within the unit of work whether it may go
   */
  remove(user: UserId, allowed: (work: Work) => Promise<boolean>): Promise<boolean>;
  /** Puts an account that has no team into one. @throws Refusal `not-found` for an unknown one, `bad-request` */
  setTeam(work: Work, user: UserId, team: TeamId): Promise<void>;
  /** Suspends an account or lifts that, unless it is deleted. */
  setSuspended(user: UserId, suspended: boolean): Promise<void>;
  /** Says whether a team's members are found by name from outside. */
  setSearchable(work: Work, team: TeamId, searchable: boolean): Promise<void>;
  readonly legalhold: LegalholdClients;
  readonly connections: {
    /** Suspends the connections of a user with those who have not consented to its legal hold. */
    suspend(user: UserId): Promise<void>;
    /** Lifts that. */
    resume(user: UserId): Promise<void>;
  };
}

/** Devices of legal hold services among those of users. */
interface LegalholdClients {
  /** Whether a service has made prekeys that can be a client's. */
  arePrekeys(device: LegalholdDevice): boolean;
  /** The id that a device has as a client. */
  clientId(device: LegalholdDevice): ClientId;
  /** What a device of a user will be, before anything of it is kept. */
  draft(user: UserId, device: LegalholdDevice): LegalholdClientDraft;
  /** Takes the device of a user away, if there is one, and tells that legal hold has ended. */
  end(work: Work, user: UserId): Promise<void>;
  /** Tells the user, its contacts and its team mates that a device waits for the user's approval. */
  tellRequest(work: Work, user: UserId, device: LegalholdDevice): Promise<void>;
}

/** A legal hold device before it is a client. */
export interface LegalholdClientDraft {
  readonly id: ClientId;
  /** Logs the service in, once the client is kept. */
  readonly refreshToken: string;
  /** Keeps the client, and tells of it. @throws Refusal `invalid-user`, `suspended` */
  keep(work: Work, origin: Push['origin']): Promise<void>;
}

/** What teams asks of whoever keeps conversations. */
export interface TeamConversations {
  /** Ends all those of a team, in the name of who has deleted it. */
  end(team: TeamId, by: UserId, signal: AbortSignal): Promise<void>;
  /** Has those leave groups of this user who may not be together because of its legal hold. */
  part(user: UserId): Promise<void>;
}

/** Translates between positions in a team's queue and the version 1 UUIDs that clients see. */
export interface QueueIds {
  idOf(position: number): string;
  /** The position of the time of any version 1 UUID; undefined for other texts. */
  timeOf(id: string): number | undefined;
}

/** What teams needs of others. */
export interface TeamsNeeds {
  readonly storage: Storage;
  readonly events: Events;
  /** Looked up at each use: who keeps accounts needs teams, and comes after them. */
  readonly accounts: () => TeamAccounts;
  readonly conversations: TeamConversations;
  readonly queueIds: QueueIds;
  readonly callService: CallService;
  /** What differs from production's defaults. */
  readonly settings?: Partial<TeamsSettings>;
  /** Unix time in milliseconds. */
  readonly now?: () => number;
}
