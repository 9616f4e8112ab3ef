import { queryGroupInfo } from '#contract/federation/mls-conversations.ts';
import type { CallOptions, FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Reader } from '#storage';
import { type QualifiedConversation, type QualifiedUser, roleOf } from '../conversations/conversation.ts';
import type { ConversationLookup } from '../conversations/conversations.ts';
import { findGroupInfo, type GroupAddress } from '../mls/group-store.ts';
import { ownersRefusal } from './owners-refusal.ts';

/** What a client needs to join a group by itself (reference client-api 8.8). */
export interface GroupInfos {
  /**
   * The bare GroupInfo of a group owned here.
   * @throws Refusal `mls-not-enabled`, `no-conversation` also for who is no member, `mls-missing-group-info`
   */
  get(user: QualifiedUser, group: GroupAddress): Promise<Buffer>;
  /** Of a group owned anywhere; the owner says who is a member. Empty `subconversation`: the conversation itself. */
  ask(
    user: QualifiedUser,
    conversation: QualifiedConversation,
    subconversation: string,
    options: CallOptions,
  ): Promise<Buffer>;
}

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly reader: Reader;
  readonly federation: FederationCaller;
  readonly conversations: ConversationLookup;
  readonly isMlsEnabled: boolean;
}

export function createGroupInfos(needs: Needs): GroupInfos {
  const { ownDomain, reader, federation, conversations, isMlsEnabled } = needs;
  const get: GroupInfos['get'] = async (user, group) => {
    if (!isMlsEnabled) throw refuse('mls-not-enabled');
    const conversation = await conversations.find(group.conversation);
    if (conversation === undefined || roleOf(conversation, user, ownDomain) === undefined)
      throw refuse('no-conversation');
    const groupInfo = await findGroupInfo(reader, group);
    if (groupInfo === undefined) throw refuse('mls-missing-group-info');
    return groupInfo;
  };
  return {
    get,
    async ask(user, { domain, id }, subconversation, options) {
      if (!isMlsEnabled) throw refuse('mls-not-enabled');
      if (domain === ownDomain) return get(user, { conversation: id, subconversation });
      const conv =
        subconversation === ''
          ? ({ tag: 'conv', value: { conv_id: id } } as const)
          : ({ tag: 'subconv', value: { conv_id: id, subconv_id: subconversation } } as const);
      const answer = await federation.call(domain, queryGroupInfo, { conv, sender: user.id }, options);
      if (answer.tag === 'GetGroupInfoResponseError') throw ownersRefusal(answer.contents);
      return Buffer.from(answer.contents, 'base64');
    },
  };
}
