import * as client from '#contract/client/messages.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { readQualifiedMessage } from '#contract/protobuf/otr.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { ConversationLookup } from '../conversations/conversations.ts';
import { qualifyRecipients } from '../proteus/bare-ids.ts';
import type { Broadcast } from '../proteus/broadcast.ts';
import { legacyResult, readLegacyForm } from '../proteus/legacy-form.ts';
import type { Send } from '../proteus/send.ts';
import type { SendingResult, SendToOwn } from '../proteus/send-to-own.ts';
import { actorOf } from './caller.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly conversations: ConversationLookup;
  readonly send: Send;
  readonly sendToOwn: SendToOwn;
  readonly broadcast: Broadcast;
}

/** Proteus messages. */
export function messageRoutes(needs: Needs): readonly ServedRoute[] {
  const { ownDomain, conversations, send, sendToOwn, broadcast } = needs;
  return [
    handle(client.sendQualifiedMessage, async ({ user, params, body, requestId }) => {
      const conversation = { domain: params.domain, id: params.cnv };
      return answerOf(await send(actorOf(user, ownDomain), conversation, body.bytes, { requestId }));
    }),
    handle(client.sendLegacyMessage, async ({ user, params, query, body, requestId }) => {
      const form = readLegacyForm(body, query, ownDomain);
      const found = await conversations.find(params.cnv);
      const message = found === undefined ? form : qualifyRecipients(found, ownDomain, form);
      const result = await sendToOwn(actorOf(user, ownDomain), params.cnv, message, requestId);
      return { status: result.isSent ? 201 : 412, body: legacyResult(result, ownDomain) };
    }),
    handle(client.broadcastQualifiedMessage, async ({ user, body }) =>
      answerOf(await broadcast(actorOf(user, ownDomain), readQualifiedMessage(body.bytes))),
    ),
    handle(client.broadcastLegacyMessage, async ({ user, query, body }) => {
      const message = readLegacyForm(body, query, ownDomain);
      const result = await broadcast(actorOf(user, ownDomain), message);
      return { status: result.isSent ? 201 : 412, body: legacyResult(result, ownDomain) };
    }),
  ];
}

function answerOf({ isSent, status }: SendingResult) {
  return { status: isSent ? 201 : 412, body: status } as const;
}
