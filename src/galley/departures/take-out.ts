import { conversationTypes } from '#contract/conversations.ts';
import type { BackendDomain, ConversationId } from '#contract/ids.ts';
import type { Work } from '#storage';
import { type QualifiedUser, roleOf, withoutMembers } from '../conversations/conversation.ts';
import { leaveEvent } from '../conversations/conversation-event.ts';
import type { Conversations } from '../conversations/conversations.ts';
import { clientsOf, type ProposeRemovals } from '../mls-messages/removal-proposals.ts';
import type { Publish } from '../updates/publish.ts';

export interface TakeOutNeeds {
  readonly ownDomain: BackendDomain;
  readonly conversations: Conversations;
  readonly publish: Publish;
  readonly proposeRemovals: ProposeRemovals;
  readonly now: () => number;
}

/**
 * Has a user leave a conversation that is owned here, without being asked. Only members of groups are told; in others
 * the membership just ends.
 */
export async function takeOut(
  { ownDomain, conversations, publish, proposeRemovals, now }: TakeOutNeeds,
  work: Work,
  user: QualifiedUser,
  id: ConversationId,
  reason: 'left' | 'user-deleted',
): Promise<void> {
  const seen = await conversations.find(id, work);
  if (seen === undefined || roleOf(seen, user, ownDomain) === undefined) return;
  const before = await conversations.lock(work, id);
  if (before === undefined || roleOf(before, user, ownDomain) === undefined) return;
  if (before.type === conversationTypes.self) return conversations.remove(work, id);
  await conversations.removeMembers(work, id, [user]);
  if (before.type !== conversationTypes.group) return;
  const at = now();
  const time = new Date(at).toISOString();
  const happening = { conversation: { domain: ownDomain, id }, from: user, time };
  const event = leaveEvent(happening, { targets: [user], reason });
  const actor = { user, answered: user.domain !== ownDomain };
  const action = { tag: 'ConversationLeaveTag', action: {} } as const;
  await publish(work, before, actor, { action, event, removed: [user] }, time);
  const conversation = withoutMembers(before, [user], ownDomain);
  await proposeRemovals(work, { conversation, groups: 'all', ...clientsOf(user), time: at });
}
