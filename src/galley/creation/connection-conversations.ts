import { conversationTypes } from '#contract/conversations.ts';
import type { Push } from '#contract/events/push.ts';
import type { BackendDomain, UserId } from '#contract/ids.ts';
import type { Work } from '#storage';
import type { OwnConversation, QualifiedConversation, QualifiedUser } from '../conversations/conversation.ts';
import { conversationEvent, eventOfAction } from '../conversations/conversation-event.ts';
import type { Conversations } from '../conversations/conversations.ts';
import type { Events } from '../needs.ts';
import type { Actor } from '../updates/publish.ts';
import { tellOwnMembers } from './announce.ts';
import { creatorRole, newPrivate } from './new-conversation.ts';

/**
 * The one-to-one conversations behind connections between users (reference client-api 3.4, federation-api 7.3). Each
 * change belongs to the unit of work of the connection's change.
 */
export interface ConnectionConversations {
  /** Makes or renews the connect conversation of two own users, with the asker alone in it. */
  ask(
    work: Work,
    request: {
      readonly asker: UserId;
      readonly asked: UserId;
      readonly conversation: QualifiedConversation;
      readonly origin: Push['origin'];
    },
  ): Promise<void>;
  /**
   * Puts an own user into the conversation with another own user. Returns `connect` while only the one who asked is
   * in it.
   */
  join(
    work: Work,
    user: UserId,
    conversation: QualifiedConversation,
    origin: Push['origin'],
  ): Promise<'connect' | 'one-to-one'>;
  /** Takes an own user out; nobody is told. */
  leave(work: Work, user: UserId, conversation: QualifiedConversation): Promise<void>;
  /** Brings the membership of the user who acted in line in a conversation with a user of another backend. */
  setMembership(work: Work, change: MembershipChange): Promise<void>;
  /** How an own user stands to an MLS one-to-one conversation. */
  mlsState(
    work: Work,
    user: UserId,
    conversation: QualifiedConversation,
  ): Promise<'established' | 'not-a-member' | 'none'>;
}

export interface MembershipChange {
  readonly ownUser: UserId;
  readonly remoteUser: QualifiedUser;
  readonly actor: 'own' | 'remote';
  readonly belongs: boolean;
  readonly conversation: QualifiedConversation;
}

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly conversations: Conversations;
  readonly events: Events;
  readonly now: () => number;
}

export function createConnectionConversations(needs: Needs): ConnectionConversations {
  const { ownDomain, conversations } = needs;
  return {
    ask: (work, request) => ask(needs, work, request),
    join: (work, user, conversation, origin) => join(needs, work, user, conversation, origin),
    async leave(work, user, { id }) {
      const conversation = await conversations.lock(work, id);
      if (conversation?.ownMembers.has(user) === true)
        await conversations.removeMembers(work, id, [{ domain: ownDomain, id: user }]);
    },
    async setMembership(work, change) {
      if (change.conversation.domain === ownDomain) return setInOwn(needs, work, change);
      if (change.actor === 'remote') return;
      const set = change.belongs ? conversations.addRemoteMembers : conversations.removeRemoteMembers;
      await set(work, change.conversation, [change.ownUser]);
    },
    async mlsState(work, user, conversation) {
      if (conversation.domain !== ownDomain) {
        const members = await conversations.findRemoteMembers(conversation, work);
        return members.has(user) ? 'established' : 'none';
      }
      const stored = await conversations.find(conversation.id, work);
      if (stored === undefined) return 'none';
      return stored.ownMembers.has(user) ? 'established' : 'not-a-member';
    },
  };
}

function own({ ownDomain }: Needs, id: UserId): QualifiedUser {
  return { domain: ownDomain, id };
}

async function ask(
  needs: Needs,
  work: Work,
  { asker, asked, conversation, origin }: Parameters<ConnectionConversations['ask']>[1],
): Promise<void> {
  const { conversations, events, now } = needs;
  const actor = actorOf(needs, asker, origin);
  const before = await conversations.lock(work, conversation.id);
  if (before === undefined) {
    const { id } = conversation;
    const wanted = { id, type: conversationTypes.connect, creator: asker, others: [] };
    const made = newPrivate(needs.ownDomain, wanted, now());
    await conversations.add(work, made);
    await tellOwnMembers(needs, work, made, actor);
  } else if (!before.ownMembers.has(asker)) {
    await conversations.addMembers(work, before.id, [{ user: own(needs, asker), role: creatorRole }]);
  }
  const happening = { conversation, from: own(needs, asker), time: new Date(now()).toISOString() };
  await events.push(work, {
    recipients: [{ user: asker }],
    event: conversationEvent('conversation.connect-request', happening, {
      qualified_recipient: own(needs, asked),
      recipient: asked,
      message: null,
      name: null,
      email: null,
    }),
    ...(origin === undefined ? {} : { origin }),
    route: 'direct',
  });
}

async function join(
  needs: Needs,
  work: Work,
  user: UserId,
  { id }: QualifiedConversation,
  origin: Push['origin'],
): Promise<'connect' | 'one-to-one'> {
  const { conversations, ownDomain, events, now } = needs;
  const before = await conversations.lock(work, id);
  if (before === undefined) return 'one-to-one';
  const isIn = before.ownMembers.has(user);
  if (!isIn) await conversations.addMembers(work, id, [{ user: own(needs, user), role: creatorRole }]);
  const members = new Set([...before.ownMembers.keys(), user]);
  const type = before.type === conversationTypes.connect && members.size < 2 ? 'connect' : 'one-to-one';
  if (type === 'one-to-one' && before.type === conversationTypes.connect)
    await conversations.setProperties(work, id, { ...before, type: conversationTypes.oneToOne });
  if (isIn) return type;
  const happening = {
    conversation: { domain: ownDomain, id },
    from: own(needs, user),
    time: new Date(now()).toISOString(),
  };
  await events.push(work, {
    recipients: [...members].map((member) => ({ user: member })),
    event: eventOfAction(happening, {
      tag: 'ConversationJoinTag',
      action: { users: [own(needs, user)], role: creatorRole },
    }),
    ...(origin === undefined ? {} : { origin }),
    route: 'direct',
  });
  return type;
}

async function setInOwn(
  needs: Needs,
  work: Work,
  { ownUser, remoteUser, actor, belongs, conversation }: MembershipChange,
): Promise<void> {
  const { conversations } = needs;
  const user = actor === 'own' ? own(needs, ownUser) : remoteUser;
  const before = await conversations.lock(work, conversation.id);
  if (!belongs) {
    if (before !== undefined) await conversations.removeMembers(work, conversation.id, [user]);
    return;
  }
  if (before === undefined) await conversations.add(work, emptyOneToOne(needs, conversation, ownUser));
  await conversations.addMembers(work, conversation.id, [{ user, role: creatorRole }]);
}

/** Who belongs to it comes in one after the other. */
function emptyOneToOne(
  { ownDomain, now }: Needs,
  { id }: QualifiedConversation,
  creator: UserId,
): OwnConversation {
  const wanted = { id, type: conversationTypes.oneToOne, creator, others: [] };
  return { ...newPrivate(ownDomain, wanted, now()), ownMembers: new Map() };
}

function actorOf({ ownDomain }: Needs, user: UserId, origin: Push['origin']): Actor {
  const connectionId = origin?.user === user ? origin.connectionId : undefined;
  return { user: { domain: ownDomain, id: user }, ...(connectionId === undefined ? {} : { connectionId }) };
}
