import { conversationTypes } from '#contract/conversations.ts';
import type { FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain, ConversationId } from '#contract/ids.ts';
import { Refusal, refuse } from '#contract/refusal.ts';
import type { Storage } from '#storage';
import { byDomain, type OwnConversation } from '../conversations/conversation.ts';
import { endPending, listPending } from '../conversations/conversation-store.ts';
import type { Conversations } from '../conversations/conversations.ts';
import type { BackendChecks } from '../federation/backend-checks.ts';
import type { Events, LegalholdLookup, Outbox, TeamLookup, UserLookup } from '../needs.ts';
import type { GalleySettings } from '../settings.ts';
import type { Actor } from '../updates/publish.ts';
import { introduceBackends, takeBack, tellBackends, tellOwnMembers } from './announce.ts';
import { assertMayCreate, assertSize } from './creation-rules.ts';
import { type NewGroup, newGroup, newPrivate } from './new-conversation.ts';

/** Making conversations (reference client-api 4.2, federation-api 7.4). */
export interface Creation {
  /**
   * Makes a group, with all its members or not at all.
   * @param checksBackends whether the members' backends must federate with one another; not so before version 4
   */
  createGroup(actor: Actor, wanted: NewGroup, checksBackends: boolean): Promise<OwnConversation>;
  /** The user's conversation with itself, and whether it was made just now. */
  createSelf(actor: Actor): Promise<Created>;
  /** Stores a conversation, and tells all its members, or leaves nothing behind. */
  create(actor: Actor, conversation: OwnConversation): Promise<Created>;
  /** Takes away what a crash has left half made before that time. */
  abandonPending(before: number): Promise<void>;
}

export interface Created {
  readonly conversation: OwnConversation;
  readonly isNew: boolean;
}

export interface CreationNeeds {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  readonly federation: FederationCaller;
  readonly isFederating: boolean;
  readonly isMlsEnabled: boolean;
  readonly conversations: Conversations;
  readonly users: UserLookup;
  readonly teams: TeamLookup;
  readonly legalhold: LegalholdLookup;
  readonly backends: BackendChecks;
  readonly events: Events;
  readonly outbox: Outbox;
  readonly settings: GalleySettings;
  readonly now: () => number;
}

export function createCreation(needs: CreationNeeds): Creation {
  const { ownDomain, storage, conversations, now } = needs;
  return {
    async createGroup(actor, wanted, checksBackends) {
      assertSize(needs, wanted);
      const isMls = wanted.protocol === 'mls';
      if (isMls && wanted.users.length > 0) throw refuse('non-empty-member-list');
      const remotes = [...byDomain(wanted.users).keys()].filter((domain) => domain !== ownDomain);
      if (checksBackends && remotes.length > 0) await needs.backends.mustFederate(remotes);
      await assertMayCreate(needs, actor, wanted);
      if (isMls && !needs.isMlsEnabled) throw refuse('mls-not-enabled');
      const group = newGroup(ownDomain, actor.user.id, wanted, now());
      return (await create(needs, actor, group)).conversation;
    },
    async createSelf({ user }) {
      const id = user.id as string as ConversationId;
      const self = newPrivate(
        ownDomain,
        { id, type: conversationTypes.self, creator: user.id, others: [] },
        now(),
      );
      const existing = await conversations.find(id);
      if (existing !== undefined) return { conversation: existing, isNew: false };
      const isNew = await storage.work((work) => conversations.add(work, self));
      return { conversation: self, isNew };
    },
    create: (actor, conversation) => create(needs, actor, conversation),
    async abandonPending(before) {
      for (const id of await listPending(storage.reader, before)) await abandon(needs, id, 'told');
    },
  };
}

async function create(needs: CreationNeeds, actor: Actor, conversation: OwnConversation): Promise<Created> {
  const { storage, conversations } = needs;
  if (conversation.remoteMembers.size === 0) {
    const isNew = await storage.work(async (work) => {
      if (!(await conversations.add(work, conversation))) return false;
      await tellOwnMembers(needs, work, conversation, actor);
      return true;
    });
    if (isNew) return { conversation, isNew };
    return { conversation: await mustBeFound(conversations, conversation.id), isNew };
  }
  const isNew = await storage.work((work) => conversations.add(work, conversation, 'pending'));
  if (!isNew) return { conversation: await mustBeFound(conversations, conversation.id), isNew };
  await orAbandon(needs, conversation, 'unknown', () =>
    needs.backends.mustAnswer([...conversation.remoteMembers.keys()]),
  );
  await orAbandon(needs, conversation, 'told', () => tellBackends(needs, conversation, actor.user.id));
  await storage.work(async (work) => {
    if (!(await endPending(work, conversation.id))) throw refuse('no-conversation');
    await tellOwnMembers(needs, work, conversation, actor);
    await introduceBackends(needs, work, conversation, actor);
  });
  return { conversation, isNew };
}

async function mustBeFound(conversations: Conversations, id: ConversationId): Promise<OwnConversation> {
  const conversation = await conversations.find(id);
  if (conversation === undefined) throw refuse('no-conversation');
  return conversation;
}

/** Whether other backends may know of the conversation. */
type Fame = 'unknown' | 'told';

async function orAbandon(
  needs: CreationNeeds,
  { id }: OwnConversation,
  fame: Fame,
  tell: () => Promise<void>,
): Promise<void> {
  try {
    await tell();
  } catch (error) {
    await abandon(needs, id, fame);
    throw error;
  }
}

async function abandon(needs: CreationNeeds, id: ConversationId, fame: Fame): Promise<void> {
  await needs.storage.work(async (work) => {
    const conversation = await needs.conversations.lock(work, id);
    if (conversation === undefined || !(await endPending(work, id))) return;
    await needs.conversations.remove(work, id);
    if (fame === 'unknown' || !needs.isFederating) return;
    await takeBack(needs, work, conversation, new Date(needs.now()).toISOString());
  });
}

/**
 * Before version 4, and for one-to-one conversations, unreachable backends are a failure with a label (reference
 * federation-api 3.4).
 */
export async function withLegacyFailure<T>(create: () => Promise<T>): Promise<T> {
  try {
    return await create();
  } catch (error) {
    if (error instanceof Refusal && error.key === 'unreachable-backends')
      throw refuse('federation-connection-refused:backends', { cause: error });
    throw error;
  }
}
