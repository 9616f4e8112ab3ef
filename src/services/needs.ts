import type { Email, ProviderMail } from '#contract/accounts.ts';
import type { ClientIdsByUser, PrekeysByUser } from '#contract/devices.ts';
import type { ConversationEvent } from '#contract/events/conversation.ts';
import type { CallOptions } from '#contract/federation-caller.ts';
import type { BackendDomain, ConversationId, ProviderId, Qualified, TeamId, UserId } from '#contract/ids.ts';
import type { AuthenticatedBot } from '#contract/route.ts';
import type { CallService } from '#contract/service-caller.ts';
import type { BotConversationView, BotUserView, NewBotAccount, ServiceKeyRef } from '#contract/services.ts';
import type { Reader, Storage, Work } from '#storage';
import type { ServicesSettings } from './settings.ts';

/** What services asks of whoever keeps accounts. */
export interface ServiceAccounts {
  /** @throws Refusal `invalid-email` */
  readEmail(text: string): Email;
  hashPassword(password: string): Promise<string>;
  /** @param hash null takes as long, and is false */
  verifyPassword(password: string, hash: string | null): Promise<boolean>;
  /** After the commit; that it cannot be sent fails nothing. */
  mailCode(mail: ProviderMail): void;
  /** Answer headers that give a provider its token, which expires after this time (Unix seconds). */
  providerCookie(provider: ProviderId, expiresAfter: number): Readonly<Record<string, string>>;
  /** No token of a provider that was given out by now, by whichever process, expires later. Unix seconds. */
  lastProviderExpiry(): number;
  /** A token for all the life of a bot. */
  botToken(bot: AuthenticatedBot): string;
  findUser(user: UserId): Promise<{ readonly view: BotUserView; readonly locale: string } | undefined>;
  /** One prekey of each named client, as far as the backends answer. @throws Refusal `too-many-clients` */
  claimPrekeys(
    wanted: Readonly<Record<BackendDomain, ClientIdsByUser>>,
    options: CallOptions,
  ): Promise<{ readonly prekeys: Readonly<Record<BackendDomain, PrekeysByUser>> }>;
  readonly bots: {
    /** @throws Refusal `bad-request` for prekeys that are none */
    add(work: Work, bot: NewBotAccount): Promise<void>;
    /** Ends the account, if it has not ended. */
    end(work: Work, bot: UserId): Promise<void>;
  };
}

/** Who changes a conversation. */
export interface Actor {
  readonly user: Qualified<UserId>;
  readonly connectionId: string;
}

/** A conversation that a bot may be added to. */
export interface OpenConversation {
  readonly team: TeamId | null;
  readonly view: BotConversationView;
}

/** What services asks of whoever keeps conversations. */
export interface ServiceConversations {
  /** @throws Refusal `no-conversation`, `access-denied`, `invalid-conversation`, `too-many-members`, `invalid-op` */
  getOpen(actor: Actor, id: ConversationId): Promise<OpenConversation>;
  /**
   * Adds a bot that is made in the same unit of work.
   * @throws Refusal as `getOpen`, and what `make` throws
   */
  add(
    actor: Actor,
    id: ConversationId,
    bot: { readonly id: UserId; readonly service: ServiceKeyRef; make(work: Work): Promise<void> },
  ): Promise<ConversationEvent>;
  /** Undefined when the bot is not in. @throws Refusal `no-conversation`, `access-denied`, `invalid-conversation` */
  remove(actor: Actor, id: ConversationId, bot: UserId): Promise<ConversationEvent | undefined>;
  /** The bot leaves, if it has not left. */
  leave(id: ConversationId, bot: UserId): Promise<void>;
  isMember(id: ConversationId, bot: UserId): Promise<boolean>;
  /** Whom a bot means by bare ids. @throws Refusal `no-conversation` for one that is not in */
  qualify(id: ConversationId, bot: UserId, users: readonly UserId[]): Promise<readonly Qualified<UserId>[]>;
}

/** Where events for bots are kept until their services have taken them. */
export interface Streams {
  /** At most `limit` events after a position, oldest first. */
  list(
    user: UserId,
    after: number,
    limit: number,
  ): Promise<readonly { readonly position: number; readonly event: string }[]>;
  /** Hears of each commit of this process that has put something into streams. */
  watch(watcher: (users: readonly UserId[]) => void): Disposable;
  remove(work: Work, user: UserId): Promise<void>;
}

export interface ServiceTeams {
  /** What a member may do; undefined for who is none. */
  permissionsOf(reader: Reader, team: TeamId, user: UserId): Promise<number | undefined>;
}

/** What services needs of others. */
export interface ServicesNeeds {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  readonly accounts: ServiceAccounts;
  readonly conversations: ServiceConversations;
  readonly streams: Streams;
  readonly teams: ServiceTeams;
  readonly call: CallService;
  /** What differs from production's defaults. */
  readonly settings?: Partial<ServicesSettings>;
  /** Unix time in milliseconds. */
  readonly now?: () => number;
}
