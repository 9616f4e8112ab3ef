import { Readable } from 'node:stream';
import * as client from '#contract/client/mls-conversations.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import { ownView, viewIn } from '../conversations/view.ts';
import { creatorRole } from '../creation/new-conversation.ts';
import type { GroupInfos } from '../mls-conversations/group-info.ts';
import type { GetMlsOneToOne } from '../mls-conversations/one-to-one.ts';
import type { GetMlsSelf } from '../mls-conversations/self-conversation.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly mlsSelf: GetMlsSelf;
  readonly mlsOneToOne: GetMlsOneToOne;
  readonly groupInfos: GroupInfos;
}

/** Conversations whose messages MLS encrypts, and what clients need to join them. */
export function mlsConversationRoutes({
  ownDomain,
  mlsSelf,
  mlsOneToOne,
  groupInfos,
}: Needs): readonly ServedRoute[] {
  return [
    handle(client.getMlsSelfConversation, async ({ user: { userId }, version }) => {
      const user = { domain: ownDomain, id: userId };
      const conversation = await mlsSelf(userId);
      const view = ownView(conversation, ownDomain, { user, role: creatorRole });
      return { status: 200, body: viewIn(version, view) };
    }),
    handle(client.getMlsOneToOne, async ({ user, params, version, requestId, signal }) => {
      const self = { domain: ownDomain, id: user.userId };
      const other = { domain: params.domain, id: params.uid };
      const view = await mlsOneToOne(self, other, { requestId, signal });
      return { status: 200, body: viewIn(version, view) };
    }),
    handle(client.getGroupInfo, async ({ user, params, requestId, signal }) => {
      const self = { domain: ownDomain, id: user.userId };
      const conversation = { domain: params.domain, id: params.cnv };
      const groupInfo = await groupInfos.ask(self, conversation, '', { requestId, signal });
      return groupInfoAnswer(groupInfo);
    }),
  ];
}

/** A group info as clients fetch it. */
export function groupInfoAnswer(groupInfo: Buffer) {
  return {
    status: 200 as const,
    headers: { 'content-type': client.mlsContentType },
    body: Readable.from([groupInfo], { objectMode: false }),
  };
}
