import type { sendMlsMessage } from '#contract/federation/mls-messages.ts';
import { refuse } from '#contract/refusal.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import { readMlsMessage } from '../mls-messages/bundle.ts';
import type { SendMlsToOwn } from '../mls-messages/send-to-own.ts';
import { answerMls, assertNamed, type MlsAnswerNeeds } from './mls-answers.ts';

interface Needs extends MlsAnswerNeeds {
  readonly sendMlsToOwn: SendMlsToOwn;
}

/** Sends for a client of the caller, which is treated like an own one (reference federation-api 5.4.7). */
export function serveSendMlsMessage(needs: Needs): RpcHandler<typeof sendMlsMessage> {
  return (context, request) =>
    answerMls(needs, context, request, (actor) => {
      const bytes = Buffer.from(request.raw_message, 'base64');
      const message = readMlsMessage(bytes);
      if (message.kind !== 'private-message' && message.kind !== 'public-message')
        throw refuse('mls-unsupported-message');
      assertNamed(needs, message.groupId, request.conv_or_sub_id);
      return needs.sendMlsToOwn(actor, message, bytes);
    });
}
