import type { RoleAction } from '#contract/conversations.ts';
import type { ConversationAction } from '#contract/federation/conversation-actions.ts';
import type { BackendDomain } from '#contract/ids.ts';
import type { ConversationProperties, OwnConversation } from '../../conversations/conversation.ts';
import type { Conversations } from '../../conversations/conversations.ts';
import { assertPermittedIn } from '../../members/team-permissions.ts';
import type { TeamLookup } from '../../needs.ts';
import type { Change } from '../update.ts';

/** Changes of one property of a conversation (reference client-api 4.6). */

interface PropertyChange {
  readonly needs: RoleAction;
  readonly anyType?: boolean;
  readonly properties: Partial<ConversationProperties>;
  readonly action: ConversationAction;
  /** Whether the conversation is like that already. */
  isSame(conversation: OwnConversation): boolean;
}

function propertyChange(conversations: Conversations, change: PropertyChange): Change {
  return {
    needs: () => [change.needs],
    ...(change.anyType === undefined ? {} : { anyType: change.anyType }),
    async apply(work, conversation) {
      if (change.isSame(conversation)) return [];
      await conversations.setProperties(work, conversation.id, { ...conversation, ...change.properties });
      return [{ action: change.action }];
    },
  };
}

export interface RenameNeeds {
  readonly ownDomain: BackendDomain;
  readonly conversations: Conversations;
  readonly teams: TeamLookup;
}

/** A new name; the same one again is a change too. Who is in the conversation's team needs its permission as well. */
export function rename(needs: RenameNeeds, name: string): Change {
  const change = propertyChange(needs.conversations, {
    needs: 'modify_conversation_name',
    anyType: true,
    properties: { name },
    action: { tag: 'ConversationRenameTag', action: { name } },
    isSame: () => false,
  });
  return {
    ...change,
    prepare: (conversation, { user }) => assertPermittedIn(needs, conversation, user, 'ModifyConvName'),
  };
}

/** After how many milliseconds messages disappear; `null` for never. */
export function setMessageTimer(conversations: Conversations, messageTimer: number | null): Change {
  return propertyChange(conversations, {
    needs: 'modify_conversation_message_timer',
    properties: { messageTimer },
    action: { tag: 'ConversationMessageTimerUpdateTag', action: { message_timer: messageTimer } },
    isSame: (conversation) => conversation.messageTimer === messageTimer,
  });
}

/** Whether read receipts are wanted; the number means something to clients only. */
export function setReceiptMode(conversations: Conversations, receiptMode: number): Change {
  return propertyChange(conversations, {
    needs: 'modify_conversation_receipt_mode',
    properties: { receiptMode },
    action: { tag: 'ConversationReceiptModeUpdateTag', action: { receipt_mode: receiptMode } },
    isSame: (conversation) => conversation.receiptMode === receiptMode,
  });
}
