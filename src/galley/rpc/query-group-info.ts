import { galleyErrorOf } from '#contract/federation/galley-errors.ts';
import type { queryGroupInfo } from '#contract/federation/mls-conversations.ts';
import { Refusal } from '#contract/refusal.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { GroupInfos } from '../mls-conversations/group-info.ts';

/** Gives a member of the caller what it needs to join a group by itself (reference federation-api 5.4.9). */
export function serveQueryGroupInfo({
  groupInfos,
}: {
  readonly groupInfos: GroupInfos;
}): RpcHandler<typeof queryGroupInfo> {
  return async ({ origin }, { conv, sender }) => {
    const subconversation = conv.tag === 'conv' ? '' : conv.value.subconv_id;
    const group = { conversation: conv.value.conv_id, subconversation };
    try {
      const groupInfo = await groupInfos.get({ domain: origin, id: sender }, group);
      return { tag: 'GetGroupInfoResponseState', contents: groupInfo.toString('base64') };
    } catch (error) {
      const contents = error instanceof Refusal ? galleyErrorOf(error) : undefined;
      if (contents === undefined) throw error;
      return { tag: 'GetGroupInfoResponseError', contents };
    }
  };
}
