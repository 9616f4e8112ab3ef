import type { getSubconversation } from '#contract/federation/mls-conversations.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { Subconversations } from '../subconversations/subconversations.ts';
import { subconversationError } from './subconversation-error.ts';

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
      return { tag: 'GetSubConversationsResponseError', contents: subconversationError(error) };
    }
  };
}
