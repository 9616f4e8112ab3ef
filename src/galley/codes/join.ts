import { conversationTypes } from '#contract/conversations.ts';
import type { ConversationEvent } from '#contract/events/conversation.ts';
import type { ConversationAction } from '#contract/federation/conversation-actions.ts';
import { refuse } from '#contract/refusal.ts';
import { assertAdmitted } from '../conversations/access.ts';
import type { OwnConversation } from '../conversations/conversation.ts';
import type { Actor } from '../updates/publish.ts';
import type { CodeNeeds } from './needs.ts';

/** Coming into a conversation by oneself (reference client-api 4.7). */

/** @throws Refusal unless the conversation can be joined this way, and admits users like the actor. */
export async function assertMayJoin(
  { users }: Pick<CodeNeeds, 'users'>,
  { user }: Actor,
  conversation: OwnConversation,
  by: 'code' | 'link' = 'code',
): Promise<void> {
  if (!conversation.access.includes(by)) throw refuse('access-denied');
  const own = await users.listOwn([user.id]);
  if (own.length === 0) throw refuse('access-denied');
  assertAdmitted(own, conversation.accessRoles, conversation.team);
}

const guestRole = 'wire_member';

/** Lets the actor in; undefined when it is in already. */
export async function joinBy(
  needs: CodeNeeds,
  actor: Actor,
  seen: OwnConversation,
  by: 'code' | 'link',
): Promise<ConversationEvent | undefined> {
  if (seen.type !== conversationTypes.group) throw refuse('invalid-op');
  if (seen.protocol === 'mls') throw refuse('invalid-op');
  await assertMayJoin(needs, actor, seen, by);
  return needs.storage.work(async (work) => {
    const conversation = await needs.conversations.lock(work, seen.id);
    if (conversation === undefined) throw refuse('no-conversation');
    if (!conversation.access.includes(by)) throw refuse('access-denied');
    if (conversation.ownMembers.has(actor.user.id)) return undefined;
    if (conversation.ownMembers.size >= needs.settings.maxConversationSize) throw refuse('too-many-members');
    const added = [{ user: actor.user, role: guestRole }];
    await needs.conversations.addMembers(work, seen.id, added);
    const action: ConversationAction = {
      tag: 'ConversationJoinTag',
      action: { users: [actor.user], role: guestRole },
    };
    const time = new Date(needs.now()).toISOString();
    return (await needs.publish(work, conversation, actor, { action, added }, time)).event;
  });
}
