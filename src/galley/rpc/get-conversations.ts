import { legacyConstants } from '#contract/conversations.ts';
import type { getConversations, RemoteConversation } from '#contract/federation/galley.ts';
import type { BackendDomain } from '#contract/ids.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import {
  isSameUser,
  membersOf,
  type OwnConversation,
  type QualifiedUser,
  roleOf,
} from '../conversations/conversation.ts';
import type { ConversationLookup } from '../conversations/conversations.ts';
import { otherMember, protocolInfo } from '../conversations/view.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly conversations: ConversationLookup;
}

/** Shows the caller's user those of the conversations that it is in (reference federation-api 5.4.2). */
export function serveGetConversations({
  ownDomain,
  conversations,
}: Needs): RpcHandler<typeof getConversations> {
  return async ({ origin }, { user_id, conv_ids }) => {
    const asker = { domain: origin, id: user_id };
    const found = await Promise.all([...new Set(conv_ids)].map((id) => conversations.find(id)));
    return {
      convs: found.flatMap((conversation) => {
        if (conversation === undefined) return [];
        // A user of our own is none of the caller's, whatever domain the caller says it has.
        const role = origin === ownDomain ? undefined : roleOf(conversation, asker, ownDomain);
        return role === undefined ? [] : [shownTo(conversation, asker, role, ownDomain)];
      }),
    };
  };
}

/** A conversation as a user of another backend is shown it. */
export function shownTo(
  conversation: OwnConversation,
  asker: QualifiedUser,
  role: string,
  ownDomain: BackendDomain,
): RemoteConversation {
  const others = membersOf(conversation, ownDomain).filter(({ user }) => !isSameUser(user, asker));
  return {
    id: conversation.id,
    metadata: {
      type: conversation.type,
      creator: conversation.creator,
      access: [...conversation.access],
      access_role: [...conversation.accessRoles],
      name: conversation.name,
      last_event: legacyConstants.lastEvent,
      last_event_time: legacyConstants.lastEventTime,
      team: conversation.team,
      message_timer: conversation.messageTimer,
      receipt_mode: conversation.receiptMode,
    },
    members: { self_role: role, others: others.map(otherMember) },
    protocol: protocolInfo(conversation),
  };
}
