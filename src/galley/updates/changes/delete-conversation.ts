import type { TeamId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Conversations } from '../../conversations/conversations.ts';
import type { Change } from '../update.ts';

/** A team's conversation ends for everybody; others never end (reference client-api 4.6). */
export function deleteConversation(conversations: Conversations, team: TeamId): Change {
  return {
    needs: () => ['delete_conversation'],
    async apply(work, conversation) {
      if (conversation.team === null) throw refuse('invalid-op');
      if (conversation.team !== team) throw refuse('no-conversation');
      await conversations.remove(work, conversation.id);
      return [{ action: { tag: 'ConversationDeleteTag', action: {} } }];
    },
  };
}
