import type { deleteSubconversation } from '#contract/federation/mls-conversations.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { Subconversations } from '../subconversations/subconversations.ts';
import { subconversationError } from './subconversation-error.ts';

interface Needs {
  readonly subconversations: Subconversations;
}

/** Resets a subconversation for a user of the caller (reference federation-api 5.4.13). */
export function serveDeleteSubconversation({
  subconversations,
}: Needs): RpcHandler<typeof deleteSubconversation> {
  return async ({ origin }, request) => {
    const user = { domain: origin, id: request.dscreq_user };
    const address = { conversation: request.dscreq_conv, subconversation: request.dscreq_sub_conv };
    const groupId = Buffer.from(request.dscreq_group_id, 'base64');
    try {
      await subconversations.reset(user, address, { groupId, epoch: request.dscreq_epoch });
      return { tag: 'DeleteSubConversationResponseSuccess' };
    } catch (error) {
      return { tag: 'DeleteSubConversationResponseError', contents: subconversationError(error) };
    }
  };
}
