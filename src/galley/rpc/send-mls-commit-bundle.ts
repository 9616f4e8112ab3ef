import type { sendMlsCommitBundle } from '#contract/federation/mls-messages.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import { readCommitBundle } from '../mls-messages/bundle.ts';
import type { CommitToOwn } from '../mls-messages/commit.ts';
import { answerMls, assertNamed, type MlsAnswerNeeds } from './mls-answers.ts';

interface Needs extends MlsAnswerNeeds {
  readonly commitToOwn: CommitToOwn;
}

/** Takes a commit of a client of the caller (reference federation-api 5.4.8). */
export function serveSendMlsCommitBundle(needs: Needs): RpcHandler<typeof sendMlsCommitBundle> {
  return (context, request) =>
    answerMls(needs, context, request, (actor) => {
      const bundle = readCommitBundle(Buffer.from(request.raw_message, 'base64'));
      assertNamed(needs, bundle.commit.groupId, request.conv_or_sub_id);
      return needs.commitToOwn(actor, bundle, { requestId: context.requestId });
    });
}
