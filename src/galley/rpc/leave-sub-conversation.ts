import type { leaveSubconversation } from '#contract/federation/mls-conversations.ts';
import { Refusal } from '#contract/refusal.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { Subconversations } from '../subconversations/subconversations.ts';
import { subconversationError } from './subconversation-error.ts';

interface Needs {
  readonly subconversations: Subconversations;
}

/** A client of the caller leaves a subconversation (reference federation-api 5.4.14). */
export function serveLeaveSubconversation({
  subconversations,
}: Needs): RpcHandler<typeof leaveSubconversation> {
  return async ({ origin }, { lscr_user, lscr_client, lscr_conv, lscr_sub_conv }) => {
    const actor = { user: { domain: origin, id: lscr_user }, client: lscr_client };
    try {
      await subconversations.leave(actor, { conversation: lscr_conv, subconversation: lscr_sub_conv });
      return { tag: 'LeaveSubConversationResponseOk' };
    } catch (error) {
      if (error instanceof Refusal && error.key === 'mls-protocol-error')
        return { tag: 'LeaveSubConversationResponseProtocolError', contents: error.message };
      return { tag: 'LeaveSubConversationResponseError', contents: subconversationError(error) };
    }
  };
}
