import type { BackendDomain } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { isSameUser, type QualifiedUser, roleOf } from '../../conversations/conversation.ts';
import type { Conversations } from '../../conversations/conversations.ts';
import type { Change } from '../update.ts';

/** Another member gets a role; the one that it has counts as a change too. */
export function setRole(
  conversations: Conversations,
  ownDomain: BackendDomain,
  target: QualifiedUser,
  role: string,
): Change {
  return {
    needs: () => ['modify_other_conversation_member'],
    async apply(work, conversation, { user }) {
      if (isSameUser(user, target))
        throw refuse('invalid-op', { message: 'Invalid operation: the own role cannot be changed' });
      if (roleOf(conversation, target, ownDomain) === undefined) throw refuse('no-conversation-member');
      await conversations.setRole(work, conversation.id, target, role);
      return [
        {
          action: {
            tag: 'ConversationMemberUpdateTag',
            action: { target, update: { conversation_role: role } },
          },
        },
      ];
    },
  };
}
