import * as client from '#contract/client/bots.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import { botView } from '../bots/bots.ts';
import type { ConversationLookup } from '../conversations/conversations.ts';
import { bareResult, qualifyMessage } from '../proteus/bare-ids.ts';
import { readLegacyForm } from '../proteus/legacy-form.ts';
import type { SendToOwn } from '../proteus/send-to-own.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly conversations: ConversationLookup;
  readonly sendToOwn: SendToOwn;
}

/** What a bot does in its conversation. Its token outlives its stay there: each call looks whether it is still in. */
export function botRoutes({ ownDomain, conversations, sendToOwn }: Needs): readonly ServedRoute[] {
  return [
    handle(client.getBotConversation, async ({ user: { userId, conversation } }) => {
      const found = await conversations.find(conversation);
      if (found?.bots?.has(userId) !== true) throw refuse('no-conversation');
      return { status: 200, body: botView(found, ownDomain, userId) };
    }),
    handle(client.sendBotMessage, async ({ user: { userId, conversation }, query, body, requestId }) => {
      const found = await conversations.find(conversation);
      if (found?.bots?.has(userId) !== true) throw refuse('no-conversation');
      const message = qualifyMessage(found, ownDomain, readLegacyForm(body, query, ownDomain));
      const actor = { user: { domain: ownDomain, id: userId } };
      const result = await sendToOwn(actor, conversation, message, requestId);
      return { status: result.isSent ? 201 : 412, body: bareResult(result) };
    }),
  ];
}
