import { Readable } from 'node:stream';
import * as client from '#contract/client/mls-conversations.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type RouteRequest, type ServedRoute } from '#contract/route.ts';
import { ownView, viewIn } from '../conversations/view.ts';
import { creatorRole } from '../creation/new-conversation.ts';
import { keysIn } from '../mls/public-keys.ts';
import type { GroupInfos } from '../mls-conversations/group-info.ts';
import type { GetMlsOneToOne, MlsOneToOne } from '../mls-conversations/one-to-one.ts';
import type { GetMlsSelf } from '../mls-conversations/self-conversation.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly mlsSelf: GetMlsSelf;
  readonly mlsOneToOne: GetMlsOneToOne;
  readonly groupInfos: GroupInfos;
}

type Asked = Pick<RouteRequest<typeof client.getMlsOneToOneV5>, 'user' | 'params' | 'requestId' | 'signal'>;

/** Conversations whose messages MLS encrypts, and what clients need to join them. */
export function mlsConversationRoutes({
  ownDomain,
  mlsSelf,
  mlsOneToOne,
  groupInfos,
}: Needs): readonly ServedRoute[] {
  const find = ({ user, params, requestId, signal }: Asked) => {
    const self = { domain: ownDomain, id: user.userId };
    return mlsOneToOne(self, { domain: params.domain, id: params.uid }, { requestId, signal });
  };
  return [
    handle(client.getMlsSelfConversation, async ({ user: { userId }, version }) => {
      const user = { domain: ownDomain, id: userId };
      const conversation = await mlsSelf(userId);
      const view = ownView(conversation, ownDomain, { user, role: creatorRole });
      return { status: 200, body: viewIn(version, view) };
    }),
    handle(client.getMlsOneToOneV5, async (request) => {
      const { conversation } = await find(request);
      return { status: 200, body: viewIn(request.version, conversation) };
    }),
    handle(client.getMlsOneToOneV6, async (request) => ({
      status: 200,
      body: withKeys(await find(request), request.params.domain),
    })),
    handle(client.getMlsOneToOne, async (request) => {
      const { conversation, public_keys } = withKeys(await find(request), request.params.domain);
      return { status: 200, body: { conversation, public_keys: keysIn(request.query.format, public_keys) } };
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

/** @throws Refusal `mls-federated-one2one-not-supported` when the owner tells no keys: a group needs one. */
function withKeys({ conversation, publicKeys }: MlsOneToOne, other: BackendDomain) {
  if (publicKeys !== undefined) return { conversation, public_keys: publicKeys };
  throw refuse('mls-federated-one2one-not-supported', {
    message: `${other} owns the conversation and does not tell its removal keys`,
  });
}
