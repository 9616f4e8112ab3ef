import { type GalleyError, galleyErrorOf } from '#contract/federation/galley-errors.ts';
import type {
  deleteSubconversation,
  getSubconversation,
  leaveSubconversation,
} from '#contract/federation/mls-conversations.ts';
import { Refusal, refuse } from '#contract/refusal.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { Subconversations } from '../subconversations/subconversations.ts';

interface Needs {
  readonly subconversations: Subconversations;
}

/** Shows a subconversation to a user of the caller (reference federation-api 5.4.12). */
export function serveGetSubconversation({ subconversations }: Needs): RpcHandler<typeof getSubconversation> {
  return async ({ origin }, { gsreq_user, gsreq_conv, gsreq_sub_conv }) => {
    const address = { conversation: gsreq_conv, subconversation: gsreq_sub_conv };
    try {
      const contents = await subconversations.get({ domain: origin, id: gsreq_user }, address);
      return { tag: 'GetSubConversationsResponseSuccess', contents };
    } catch (error) {
      return { tag: 'GetSubConversationsResponseError', contents: errorOf(error) };
    }
  };
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
      return { tag: 'DeleteSubConversationResponseError', contents: errorOf(error) };
    }
  };
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
      return { tag: 'LeaveSubConversationResponseError', contents: errorOf(error) };
    }
  };
}

/** Other backends are not told whether there is a conversation that their user is not in. */
function errorOf(error: unknown): GalleyError {
  const refusal =
    error instanceof Refusal && error.key === 'access-denied' ? refuse('no-conversation') : error;
  const contents = refusal instanceof Refusal ? galleyErrorOf(refusal) : undefined;
  if (contents === undefined) throw error;
  return contents;
}
