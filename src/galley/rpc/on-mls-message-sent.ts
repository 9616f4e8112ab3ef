import type { onMlsMessageSent } from '#contract/federation/mls-messages.ts';
import type { TogetherHandler } from '#contract/rpc.ts';
import type { Storage } from '#storage';
import type { ConversationLookup } from '../conversations/conversations.ts';
import type { ReceiveMls } from '../mls-messages/receive.ts';
import type { Inbox } from '../needs.ts';
import { findAllMembers } from './members-in-memory.ts';

interface Needs {
  readonly storage: Storage;
  readonly inbox: Inbox;
  readonly conversations: ConversationLookup;
  readonly receiveMls: ReceiveMls;
  readonly isMlsEnabled: boolean;
}

/** Own clients have messages in a group of the caller (reference federation-api 5.4.18); each is taken once. */
export function serveOnMlsMessageSent(needs: Needs): TogetherHandler<typeof onMlsMessageSent> {
  const { storage, inbox, conversations, receiveMls, isMlsEnabled } = needs;
  return {
    async together(calls) {
      await findAllMembers(conversations, calls);
      await storage.work(async (work) => {
        for (const { context, input } of calls)
          if ((await inbox.first(work, context)) && isMlsEnabled)
            await receiveMls.message(work, context.origin, input);
      });
    },
  };
}
