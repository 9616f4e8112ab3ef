import type { onMessageSent } from '#contract/federation/galley.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { Storage } from '#storage';
import type { ConversationLookup } from '../conversations/conversations.ts';
import type { Inbox } from '../needs.ts';
import type { Receive } from '../proteus/receive.ts';

interface Needs {
  readonly storage: Storage;
  readonly inbox: Inbox;
  readonly conversations: ConversationLookup;
  readonly receiveMessage: Receive;
}

/** Own users have a message in a conversation of the caller (reference federation-api 5.4.17); taken once. */
export function serveOnMessageSent({
  storage,
  inbox,
  conversations,
  receiveMessage,
}: Needs): RpcHandler<typeof onMessageSent> {
  return async (context, message) => {
    // Puts the members into memory, where the unit of work finds them, unless it has to read them anew.
    await conversations.findRemoteMembers({ domain: context.origin, id: message.conversation });
    await storage.work(async (work) => {
      if (await inbox.first(work, context)) await receiveMessage(work, context.origin, message);
    });
    return {};
  };
}
