import {
  deleteSubconversation,
  getSubconversation,
  leaveSubconversation,
} from '#contract/federation/mls-conversations.ts';
import type { CallOptions, FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain } from '#contract/ids.ts';
import type { Subconversation } from '#contract/mls-groups.ts';
import { refuse } from '#contract/refusal.ts';
import type { QualifiedConversation, QualifiedUser } from '../conversations/conversation.ts';
import { ownersRefusal } from '../mls-conversations/owners-refusal.ts';
import { type MlsActor, protocolError } from '../mls-messages/targets.ts';
import type { Present, Subconversations } from './subconversations.ts';

/** Which subconversation, of a conversation of any backend. */
export interface SubconversationName {
  readonly conversation: QualifiedConversation;
  readonly subconversation: string;
}

/**
 * Subconversations for own users, whoever owns the conversation: one elsewhere is asked of its owner, membership
 * included. Refusals as those of `Subconversations`, and federated failures as they are.
 */
export interface SubconversationsAnywhere {
  get(user: QualifiedUser, name: SubconversationName, options: CallOptions): Promise<Subconversation>;
  reset(
    user: QualifiedUser,
    name: SubconversationName,
    present: Present,
    options: CallOptions,
  ): Promise<void>;
  leave(actor: MlsActor, name: SubconversationName, options: CallOptions): Promise<void>;
}

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly federation: FederationCaller;
  readonly subconversations: Subconversations;
  readonly isMlsEnabled: boolean;
}

export function createSubconversationsAnywhere(needs: Needs): SubconversationsAnywhere {
  const { ownDomain, federation, subconversations: own, isMlsEnabled } = needs;
  const addressOf = ({ conversation, subconversation }: SubconversationName) => ({
    conversation: conversation.id,
    subconversation,
  });
  return {
    async get(user, name, options) {
      const { domain, id } = name.conversation;
      if (domain === ownDomain) return own.get(user, addressOf(name));
      const question = { gsreq_user: user.id, gsreq_conv: id, gsreq_sub_conv: name.subconversation };
      const answer = await federation.call(domain, getSubconversation, question, options);
      if (answer.tag === 'GetSubConversationsResponseSuccess') return answer.contents;
      throw ownersRefusal(answer.contents);
    },
    async reset(user, name, present, options) {
      if (!isMlsEnabled) throw refuse('mls-not-enabled');
      const { domain, id } = name.conversation;
      if (domain === ownDomain) return own.reset(user, addressOf(name), present);
      const question = {
        dscreq_user: user.id,
        dscreq_conv: id,
        dscreq_sub_conv: name.subconversation,
        dscreq_group_id: present.groupId.toString('base64'),
        dscreq_epoch: present.epoch,
      };
      const answer = await federation.call(domain, deleteSubconversation, question, options);
      if (answer.tag === 'DeleteSubConversationResponseError') throw ownersRefusal(answer.contents);
    },
    async leave(actor, name, options) {
      const { domain, id } = name.conversation;
      if (domain === ownDomain) return own.leave(actor, addressOf(name));
      const question = {
        lscr_user: actor.user.id,
        lscr_client: actor.client,
        lscr_conv: id,
        lscr_sub_conv: name.subconversation,
      };
      const answer = await federation.call(domain, leaveSubconversation, question, options);
      if (answer.tag === 'LeaveSubConversationResponseError') throw ownersRefusal(answer.contents);
      if (answer.tag === 'LeaveSubConversationResponseProtocolError') throw protocolError(answer.contents);
    },
  };
}
