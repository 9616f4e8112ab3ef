import { type MessageSendResponse, messageErrors, type sendMessage } from '#contract/federation/galley.ts';
import { readQualifiedMessage } from '#contract/protobuf/otr.ts';
import { Refusal } from '#contract/refusal.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { SendToOwn } from '../proteus/send-to-own.ts';

interface Needs {
  readonly sendToOwn: SendToOwn;
}

/** Sends a message for a user of the caller, who is treated like an own one (reference federation-api 5.4.4). */
export function serveSendMessage({ sendToOwn }: Needs): RpcHandler<typeof sendMessage> {
  return async ({ origin, requestId }, { conv_id, sender, raw_message }) => {
    const message = readQualifiedMessage(Buffer.from(raw_message, 'base64'), 'invalid-payload');
    const actor = { user: { domain: origin, id: sender } };
    try {
      const { isSent, status } = await sendToOwn(actor, conv_id, message, requestId);
      if (isSent) return { Right: status };
      return { Left: { tag: messageErrors.clientMissing, contents: status } };
    } catch (error) {
      const answer = error instanceof Refusal ? answerOf(error) : undefined;
      if (answer === undefined) throw error;
      return answer;
    }
  };
}

function answerOf({ key }: Refusal): MessageSendResponse | undefined {
  if (key === 'no-conversation') return { Left: { tag: messageErrors.conversationNotFound } };
  if (key === 'unknown-client') return { Left: { tag: messageErrors.unknownClient } };
  return undefined;
}
