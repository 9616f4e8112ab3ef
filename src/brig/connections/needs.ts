import type { Push } from '#contract/events/push.ts';
import type { QueuedRpc } from '#contract/federation-caller.ts';
import type { BackendDomain, ConversationId, Qualified, TeamId, UserId } from '#contract/ids.ts';
import type { InputOf, RpcContext } from '#contract/rpc.ts';
import type { Work } from '#storage';

/** What connections and deletion need of other parts. */

/** Puts events into the streams of own users' clients. */
export interface Events {
  push(work: Work, push: Push): Promise<void>;
}

/** Queues notifications for other backends; rows of one backend and lane arrive in order. */
export interface Outbox {
  tell<R extends QueuedRpc>(
    work: Work,
    to: readonly BackendDomain[],
    rpc: R,
    lane: string,
    input: InputOf<R>,
  ): Promise<void>;
}

/** Nobody is told: there is no federation. */
export const withoutOutbox: Outbox = { tell: async () => undefined };

/** Tells repeats of a received notification from its first arrival. */
export interface Inbox {
  first(work: Work, context: RpcContext): Promise<boolean>;
}

/** Every notification counts as the first of its kind; handlers are harmless when repeated. */
export const withoutInbox: Inbox = { first: async () => true };

/** What the list of remote backends says about people (reference federation-api 2.5); answers from memory. */
export interface TeamRules {
  /** Whether own users may connect with a user of this backend and team (`null`: of no team). */
  federatesWith(domain: BackendDomain, team: TeamId | null): boolean;
}

/** What the list of remote backends says about backends as a whole; answers from memory. */
export interface BackendRules {
  /** Whether this backend federates with the other one (reference federation-api 5.2.12). */
  federatesWithBackend(domain: BackendDomain): boolean;
}

/** The login session that caused a change; undefined when no client did. */
export type Origin = Push['origin'];

/** A one-to-one conversation's type afterwards: `connect` while only the one who asked is in it. */
export type OneToOneType = 'connect' | 'one-to-one';

/**
 * The one-to-one conversations behind connections (reference client-api 3.4). Every call belongs to the unit of work of
 * the connection's change. Without this, connections only carry the conversation's id.
 */
export interface OneToOneConversations {
  /** Makes or renews the connect conversation of two own users, with the asker alone in it. */
  ask(
    work: Work,
    request: {
      readonly asker: UserId;
      readonly asked: UserId;
      readonly conversation: Qualified<ConversationId>;
      readonly origin: Origin;
    },
  ): Promise<void>;
  /** Puts an own user into the conversation with another own user: on accepting or unblocking. */
  join(
    work: Work,
    user: UserId,
    conversation: Qualified<ConversationId>,
    origin: Origin,
  ): Promise<OneToOneType>;
  /** Takes an own user out of it: on blocking or cancelling. */
  leave(work: Work, user: UserId, conversation: Qualified<ConversationId>): Promise<void>;
  /** Brings the membership of the user who acted in line in a conversation with a user of another backend. */
  setMembership(
    work: Work,
    change: {
      readonly ownUser: UserId;
      readonly remoteUser: Qualified<UserId>;
      readonly actor: 'own' | 'remote';
      readonly belongs: boolean;
      readonly conversation: Qualified<ConversationId>;
    },
  ): Promise<void>;
  /**
   * How an own user stands to the MLS one-to-one conversation with another user; `none` also when MLS is off or the
   * conversation belongs elsewhere and is not known here.
   */
  mlsState(
    work: Work,
    user: UserId,
    conversation: Qualified<ConversationId>,
  ): Promise<'established' | 'not-a-member' | 'none'>;
}

/** Connections when nobody keeps conversations. */
export const withoutConversations: OneToOneConversations = {
  ask: async () => undefined,
  join: async () => 'one-to-one',
  leave: async () => undefined,
  setMembership: async () => undefined,
  mlsState: async () => 'none',
};
