import { conversationTypes } from '#contract/conversations.ts';
import type { BackendDomain, ConversationId } from '#contract/ids.ts';
import { decodeGroupId, encodeGroupId } from '#contract/mls-group-id.ts';
import type { Subconversation } from '#contract/mls-groups.ts';
import { refuse } from '#contract/refusal.ts';
import type { Storage } from '#storage';
import {
  isSameUser,
  type OwnConversation,
  type QualifiedUser,
  roleOf,
} from '../conversations/conversation.ts';
import type { Conversations } from '../conversations/conversations.ts';
import { groupMembers } from '../conversations/view.ts';
import type { GroupAddress, GroupState } from '../mls/group-store.ts';
import type { Group, Groups } from '../mls/groups.ts';
import type { ProposeRemovals } from '../mls-messages/removal-proposals.ts';
import { type MlsActor, protocolError } from '../mls-messages/targets.ts';

/** The subconversations of conversations owned here, for users of any backend (reference client-api 8.8). */
export interface Subconversations {
  /**
   * @throws Refusal `no-conversation`, `access-denied` for who is no member, `mls-subconv-unsupported-convtype`
   */
  get(user: QualifiedUser, address: GroupAddress): Promise<Subconversation>;
  /**
   * Begins the group again: another group id, and nobody in it.
   * @param present what the caller takes for the present state
   * @throws Refusal `mls-not-enabled`, `no-conversation`, `access-denied`, `mls-stale-message`
   */
  reset(user: QualifiedUser, address: GroupAddress, present: Present): Promise<void>;
  /**
   * A client is to be taken out; when it is the last one, the group begins again.
   * @throws Refusal `mls-not-enabled`, `no-conversation`, `access-denied`, `mls-protocol-error` for who is not in it
   */
  leave(actor: MlsActor, address: GroupAddress): Promise<void>;
}

/** What a group is at. */
export interface Present {
  readonly groupId: Buffer;
  readonly epoch: number;
}

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  readonly conversations: Conversations;
  readonly groups: Groups;
  readonly proposeRemovals: ProposeRemovals;
  readonly isMlsEnabled: boolean;
  readonly now: () => number;
}

export function createSubconversations(needs: Needs): Subconversations {
  const { ownDomain, storage, conversations, groups, isMlsEnabled } = needs;
  return {
    async get(user, address) {
      const conversation = mustBeMember(await conversations.find(address.conversation), user, ownDomain);
      if (conversation.type !== conversationTypes.group) throw refuse('mls-subconv-unsupported-convtype');
      const stored = (await groups.find(conversation)).get(address.subconversation);
      return viewOf(ownDomain, address, stored ?? notJoined(ownDomain, conversation, address));
    },
    async reset(user, address, { groupId, epoch }) {
      if (!isMlsEnabled) throw refuse('mls-not-enabled');
      await storage.work(async (work) => {
        const locked = await conversations.lock(work, address.conversation);
        const conversation = mustBeMember(locked, user, ownDomain);
        const stored = (await groups.find(conversation, work)).get(address.subconversation);
        if (epoch !== (stored?.epoch ?? 0)) throw refuse('mls-stale-message');
        if (stored === undefined || !stored.groupId.equals(groupId)) throw refuse('no-conversation');
        await groups.reset(work, conversation, address.subconversation, begunAgain(stored));
      });
    },
    async leave(actor, address) {
      if (!isMlsEnabled) throw refuse('mls-not-enabled');
      await storage.work(async (work) => {
        const locked = await conversations.lock(work, address.conversation);
        const conversation = mustBeMember(locked, actor.user, ownDomain);
        const stored = (await groups.find(conversation, work)).get(address.subconversation);
        if (stored === undefined) throw refuse('no-conversation');
        const isOwn = (leaf: { readonly user: QualifiedUser; readonly client: string }) =>
          leaf.client === actor.client && isSameUser(leaf.user, actor.user);
        const staying = [...stored.leaves.values()].filter(({ isLeaving }) => !isLeaving);
        if (!staying.some(isOwn)) throw protocolError('The client is not a member of the subconversation');
        if (staying.every(isOwn))
          return groups.reset(work, conversation, address.subconversation, begunAgain(stored));
        const { subconversation } = address;
        return needs.proposeRemovals(work, {
          conversation,
          groups: { subconversation },
          isAffected: isOwn,
          from: actor.user,
          time: needs.now(),
        });
      });
    },
  };
}

function mustBeMember(
  conversation: OwnConversation | undefined,
  user: QualifiedUser,
  ownDomain: BackendDomain,
): OwnConversation {
  if (conversation === undefined) throw refuse('no-conversation');
  if (roleOf(conversation, user, ownDomain) === undefined) throw refuse('access-denied');
  return conversation;
}

/** As it is shown before anybody has committed to it. */
function notJoined(
  domain: BackendDomain,
  { id, type, protocol }: OwnConversation,
  { subconversation }: GroupAddress,
): Group {
  if (protocol === 'proteus') throw refuse('no-conversation');
  if (protocol === 'mixed') throw refuse('mls-subconv-unsupported-convtype');
  const groupId = encodeGroupId({
    type,
    conversation: { domain, id },
    subconversation: { id: subconversation, generation: 0 },
  });
  return { groupId, epoch: 0, begun: undefined, leaves: new Map() };
}

/** The next generation: everybody has left it, and its suite stays. */
function begunAgain({ groupId, begun }: GroupState): GroupState {
  const named = decodeGroupId(groupId);
  if (typeof named === 'string' || named.subconversation === undefined)
    throw new Error(`${groupId.toString('hex')} is no group id of a subconversation`);
  const { id, generation } = named.subconversation;
  const next = encodeGroupId({ ...named, subconversation: { id, generation: generation + 1 } });
  return { groupId: next, epoch: 0, begun };
}

function viewOf(
  domain: BackendDomain,
  {
    conversation: id,
    subconversation,
  }: { readonly conversation: ConversationId; readonly subconversation: string },
  group: Group,
): Subconversation {
  const staying = [...group.leaves.values()].filter(({ isLeaving }) => !isLeaving);
  return {
    parent_qualified_id: { domain, id },
    subconv_id: subconversation,
    ...groupMembers(group),
    members: staying.map(({ user, client }) => ({
      domain: user.domain,
      user_id: user.id,
      client_id: client,
    })),
  };
}
