import { type MessageSendResponse, messageErrors, sendMessage } from '#contract/federation/galley.ts';
import type { CallOptions, FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { readQualifiedMessage } from '#contract/protobuf/otr.ts';
import { refuse } from '#contract/refusal.ts';
import type { QualifiedConversation } from '../conversations/conversation.ts';
import type { Actor } from '../updates/publish.ts';
import type { SendingResult, SendToOwn } from './send-to-own.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly federation: FederationCaller;
  readonly sendToOwn: SendToOwn;
}

/**
 * Sends a message of an own user in a conversation of any backend; for one that is owned elsewhere its owner decides,
 * membership included (reference client-api 5.4).
 * @throws Refusal as `SendToOwn`; `bad-request` for what is no message; what the owner's backend fails with
 */
export type Send = (
  actor: Actor,
  conversation: QualifiedConversation,
  bytes: Uint8Array,
  options: CallOptions,
) => Promise<SendingResult>;

export function createSend({ ownDomain, federation, sendToOwn }: Needs): Send {
  return async (actor, { domain, id }, bytes, options) => {
    const message = readQualifiedMessage(bytes);
    if (domain === ownDomain) return sendToOwn(actor, id, message, options.requestId);
    const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
    const input = { conv_id: id, sender: actor.user.id, raw_message: raw };
    return resultOf(await federation.call(domain, sendMessage, input, options));
  };
}

const refusals = {
  [messageErrors.conversationNotFound]: 'no-conversation',
  [messageErrors.unknownClient]: 'unknown-client',
  [messageErrors.legalhold]: 'missing-legalhold-consent',
  [messageErrors.legalholdOldClients]: 'missing-legalhold-consent-old-clients',
} as const;

function resultOf(response: MessageSendResponse): SendingResult {
  if ('Right' in response) return { isSent: true, status: response.Right };
  const { Left } = response;
  if (Left.tag === messageErrors.clientMissing) return { isSent: false, status: Left.contents };
  throw refuse(refusals[Left.tag]);
}
