import { conversationTypes } from '#contract/conversations.ts';
import type { BackendDomain, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Work } from '#storage';
import type { BotService, OwnConversation } from '../../conversations/conversation.ts';
import type { Conversations } from '../../conversations/conversations.ts';
import type { Change } from '../update.ts';

export interface AddBotNeeds {
  readonly ownDomain: BackendDomain;
  readonly conversations: Conversations;
  readonly maxConversationSize: number;
}

/** A bot that is to be a member. */
export interface NewBot {
  readonly id: UserId;
  readonly service: BotService;
  /** Makes the bot itself, in the unit of work in which it joins. */
  make(work: Work): Promise<void>;
}

const botRole = 'wire_admin';

/** An own user adds a bot (reference client-api 9.5). Other backends are told as of any member. */
export function addBot(needs: AddBotNeeds, { id, service, make }: NewBot): Change {
  const { ownDomain, conversations, maxConversationSize } = needs;
  return {
    needs: () => ['add_conversation_member'],
    notInMls: true,
    async apply(work, conversation, _actor, role) {
      assertTakesBot(conversation, role, maxConversationSize);
      await make(work);
      const user = { domain: ownDomain, id };
      const added = [{ user, role: botRole, service }];
      await conversations.addMembers(work, conversation.id, added);
      return [{ action: { tag: 'ConversationJoinTag', action: { users: [user], role: botRole } }, added }];
    },
  };
}

/** @throws Refusal `access-denied`, `invalid-conversation`, `too-many-members` */
export function assertTakesBot(conversation: OwnConversation, actorsRole: string, maxSize: number): void {
  assertKeepsBots(conversation, actorsRole);
  if (conversation.ownMembers.size + 1 > maxSize) throw refuse('too-many-members');
  if (!conversation.accessRoles.includes('service')) throw refuse('invalid-conversation');
}

/** Admins of groups alone put bots in and take them out. @throws Refusal `access-denied`, `invalid-conversation` */
export function assertKeepsBots({ type }: OwnConversation, actorsRole: string): void {
  if (actorsRole !== botRole) throw refuse('access-denied', { message: 'Access denied.' });
  if (type !== conversationTypes.group) throw refuse('invalid-conversation');
}
