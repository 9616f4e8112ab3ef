import type { ConversationAction } from '#contract/federation/conversation-actions.ts';
import type { UpdateConversationResponse, updateConversation } from '#contract/federation/galley.ts';
import { galleyErrorOf } from '#contract/federation/galley-errors.ts';
import { Refusal, refuse } from '#contract/refusal.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import { type AddNeeds, addMembers } from '../updates/changes/add-members.ts';
import { rename, setMessageTimer, setReceiptMode } from '../updates/changes/properties.ts';
import { leave, removeMembers } from '../updates/changes/remove-members.ts';
import { setAccess } from '../updates/changes/set-access.ts';
import { type ProtocolNeeds, setProtocol } from '../updates/changes/set-protocol.ts';
import { setRole } from '../updates/changes/set-role.ts';
import type { Change, Update } from '../updates/update.ts';

interface Needs extends AddNeeds, ProtocolNeeds {
  readonly update: Update;
}

/**
 * Changes a conversation for a user of the caller (reference federation-api 5.4.5). The caller's backend learns of the
 * change from the answer.
 */
export function serveUpdateConversation(needs: Needs): RpcHandler<typeof updateConversation> {
  return async ({ origin }, { user, conv_id, action }) => {
    const actor = { user: { domain: origin, id: user }, answered: true };
    try {
      const applied = await needs.update(actor, conv_id, changeOf(needs, action));
      if (applied === undefined) return { tag: 'ConversationUpdateResponseNoChanges' };
      const present = applied.conversation.remoteMembers.get(origin)?.keys() ?? [];
      return {
        tag: 'ConversationUpdateResponseUpdate',
        contents: { ...applied.update, alreadyPresentUsers: [...present] },
      };
    } catch (error) {
      if (error instanceof Refusal) return errorResponse(error);
      throw error;
    }
  };
}

/** @throws Refusal when other backends have no word for it */
function errorResponse(refusal: Refusal): UpdateConversationResponse {
  const contents = galleyErrorOf(refusal);
  if (contents === undefined) throw refusal;
  return { tag: 'ConversationUpdateResponseError', contents };
}

function changeOf(needs: Needs, { tag, action }: ConversationAction): Change {
  const { conversations, ownDomain } = needs;
  switch (tag) {
    case 'ConversationJoinTag':
      return addMembers(needs, action.users, action.role);
    case 'ConversationLeaveTag':
      return leave(conversations);
    case 'ConversationRemoveMembersTag':
      return removeMembers(conversations, ownDomain, action.targets, action.reason);
    case 'ConversationMemberUpdateTag':
      return setRole(conversations, ownDomain, action.target, action.update.conversation_role);
    case 'ConversationDeleteTag':
      // Teams are of one backend, and only their members end their conversations.
      throw refuse('federation-not-implemented');
    case 'ConversationRenameTag':
      return rename(needs, action.name);
    case 'ConversationMessageTimerUpdateTag':
      return setMessageTimer(conversations, action.message_timer ?? null);
    case 'ConversationReceiptModeUpdateTag':
      return setReceiptMode(conversations, action.receipt_mode);
    case 'ConversationAccessDataTag':
      return setAccess(needs, { access: action.access, accessRoles: action.access_role });
    case 'ConversationUpdateProtocolTag':
      return setProtocol(needs, action);
  }
}
