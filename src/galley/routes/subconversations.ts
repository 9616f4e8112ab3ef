import * as client from '#contract/client/subconversations.ts';
import type { BackendDomain, ConversationId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { GroupInfos } from '../mls-conversations/group-info.ts';
import type { SubconversationName, SubconversationsAnywhere } from '../subconversations/anywhere.ts';
import { groupInfoAnswer } from './mls-conversations.ts';
import { mlsActorOf } from './mls-messages.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly groupInfos: GroupInfos;
  readonly subconversationsAnywhere: SubconversationsAnywhere;
}

/** Subconversations of MLS conversations. */
export function subconversationRoutes({
  ownDomain,
  groupInfos,
  subconversationsAnywhere: subconversations,
}: Needs): readonly ServedRoute[] {
  return [
    handle(client.getSubconversation, async ({ user, params, requestId, signal }) => {
      const self = { domain: ownDomain, id: user.userId };
      const body = await subconversations.get(self, nameOf(params), { requestId, signal });
      return { status: 200, body };
    }),
    handle(client.deleteSubconversation, async ({ user, params, body, requestId }) => {
      const self = { domain: ownDomain, id: user.userId };
      const groupId = Buffer.from(body.group_id, 'base64');
      if (groupId.length === 0)
        throw refuse('bad-request', { message: 'group_id: expected the present one in base64' });
      await subconversations.reset(self, nameOf(params), { groupId, epoch: body.epoch }, { requestId });
      return { status: 200 };
    }),
    handle(client.leaveSubconversation, async ({ user, params, requestId }) => {
      await subconversations.leave(mlsActorOf(user, ownDomain), nameOf(params), { requestId });
      return { status: 200 };
    }),
    handle(client.getSubconversationGroupInfo, async ({ user, params, requestId, signal }) => {
      const self = { domain: ownDomain, id: user.userId };
      const { conversation, subconversation } = nameOf(params);
      const bytes = await groupInfos.ask(self, conversation, subconversation, { requestId, signal });
      return groupInfoAnswer(bytes);
    }),
  ];
}

function nameOf(params: {
  readonly domain: BackendDomain;
  readonly cnv: ConversationId;
  readonly sub: string;
}): SubconversationName {
  return { conversation: { domain: params.domain, id: params.cnv }, subconversation: params.sub };
}
