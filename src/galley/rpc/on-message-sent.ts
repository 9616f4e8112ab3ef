import type { onMessageSent } from '#contract/federation/galley.ts';
import type { TogetherHandler } from '#contract/rpc.ts';
import type { Storage } from '#storage';
import type { ConversationLookup } from '../conversations/conversations.ts';
import type { Inbox } from '../needs.ts';
import type { Receive } from '../proteus/receive.ts';
import { conversationOf, membersOnce, preloadMembers } from './members-told.ts';

interface Needs {
  readonly storage: Storage;
  readonly inbox: Inbox;
  readonly conversations: ConversationLookup;
  readonly receiveMessage: Receive;
}

/** Own users have messages in a conversation of the caller (reference federation-api 5.4.17); each is taken once. */
export function serveOnMessageSent({
  storage,
  inbox,
  conversations,
  receiveMessage,
}: Needs): TogetherHandler<typeof onMessageSent> {
  return {
    async together(calls) {
      await preloadMembers(conversations, calls);
      await storage.work(async (work) => {
        const membersOf = membersOnce(conversations, work);
        for (const call of await inbox.onlyFirst(work, calls)) {
          const conversation = conversationOf(call);
          await receiveMessage(work, conversation, await membersOf(conversation), call.input);
        }
      });
    },
  };
}
