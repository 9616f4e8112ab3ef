import type { Push } from '#contract/events/push.ts';
import type { FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain } from '#contract/ids.ts';
import type { Storage, Work } from '#storage';
import type { AccountTeams } from './accounts/team-needs.ts';
import type { TokenKeys } from './client-tokens/client-tokens.ts';
import type { ClientRemovedHook } from './clients/clients.ts';
import type { EventQueues } from './clients/event-queues.ts';
import type { BackendRules, Inbox, OneToOneConversations, Outbox, TeamRules } from './connections/needs.ts';
import type { UserRemoval } from './deletion/account-removal.ts';
import type { MailSettings } from './mail/mailer.ts';
import type { RemoteRules } from './search/remote-rules.ts';
import type { BrigSettings } from './settings.ts';

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
