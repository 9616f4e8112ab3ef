import type { onMessageSent } from '#contract/federation/galley.ts';
import type { TogetherHandler } from '#contract/rpc.ts';
import type { Storage } from '#storage';
import type { ConversationLookup } from '../conversations/conversations.ts';
import type { Inbox } from '../needs.ts';
import type { Receive } from '../proteus/receive.ts';
import { findAllMembers } from './members-in-memory.ts';

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
      await findAllMembers(conversations, calls);
      await storage.work(async (work) => {
        for (const { context, input } of calls)
          if (await inbox.first(work, context)) await receiveMessage(work, context.origin, input);
      });
    },
  };
}
