import type { onMlsMessageSent } from '#contract/federation/mls-messages.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { Storage } from '#storage';
import type { ConversationLookup } from '../conversations/conversations.ts';
import type { ReceiveMls } from '../mls-messages/receive.ts';
import type { Inbox } from '../needs.ts';

interface Needs {
  readonly storage: Storage;
  readonly inbox: Inbox;
  readonly conversations: ConversationLookup;
  readonly receiveMls: ReceiveMls;
  readonly isMlsEnabled: boolean;
}

/** Own clients have a message in a group of the caller (reference federation-api 5.4.18); taken once. */
export function serveOnMlsMessageSent(needs: Needs): RpcHandler<typeof onMlsMessageSent> {
  const { storage, inbox, conversations, receiveMls, isMlsEnabled } = needs;
  return async (context, message) => {
    // Puts the members into memory, where the unit of work finds them, unless it has to read them anew.
    await conversations.findRemoteMembers({ domain: context.origin, id: message.conversation });
    await storage.work(async (work) => {
      if ((await inbox.first(work, context)) && isMlsEnabled)
        await receiveMls.message(work, context.origin, message);
    });
    return {};
  };
}
