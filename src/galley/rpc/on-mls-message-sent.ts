import type { onMlsMessageSent } from '#contract/federation/mls-messages.ts';
import type { TogetherHandler } from '#contract/rpc.ts';
import type { Storage } from '#storage';
import type { ConversationLookup } from '../conversations/conversations.ts';
import type { ReceiveMls } from '../mls-messages/receive.ts';
import type { Inbox } from '../needs.ts';
import { conversationOf, membersOnce, preloadMembers } from './members-told.ts';

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
      await preloadMembers(conversations, calls);
      await storage.work(async (work) => {
        const membersOf = membersOnce(conversations, work);
        const first = await inbox.onlyFirst(work, calls);
        for (const call of isMlsEnabled ? first : []) {
          const conversation = conversationOf(call);
          await receiveMls.message(work, conversation, await membersOf(conversation), call.input);
        }
      });
    },
  };
}
