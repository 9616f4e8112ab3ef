import type { LeaveReason } from '#contract/conversations.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { type QualifiedUser, roleOf } from '../../conversations/conversation.ts';
import type { Conversations } from '../../conversations/conversations.ts';
import type { Change } from '../update.ts';

/** The actor leaves. */
export function leave(conversations: Conversations): Change {
  return {
    needs: () => ['leave_conversation'],
    async apply(work, conversation, { user }) {
      await conversations.removeMembers(work, conversation.id, [user]);
      return [{ action: { tag: 'ConversationLeaveTag', action: {} }, removed: [user] }];
    },
  };
}

/** The actor takes others out; who is no member does not count. */
export function removeMembers(
  conversations: Conversations,
  ownDomain: BackendDomain,
  targets: readonly QualifiedUser[],
  reason: LeaveReason = 'removed',
): Change {
  return {
    needs: () => ['remove_conversation_member'],
    notInMls: true,
    // Their clients stay in the group of the conversation itself until a commit, as in wire-server.
    endsIn: 'subconversations',
    async apply(work, conversation) {
      const present = targets.filter((user) => roleOf(conversation, user, ownDomain) !== undefined);
      if (present.length === 0) return [];
      await conversations.removeMembers(work, conversation.id, present);
      return [
        {
          action: { tag: 'ConversationRemoveMembersTag', action: { targets: [...present], reason } },
          removed: present,
        },
      ];
    },
  };
}
