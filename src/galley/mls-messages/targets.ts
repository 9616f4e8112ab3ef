import { conversationTypes } from '#contract/conversations.ts';
import type { BackendDomain, ClientId } from '#contract/ids.ts';
import { decodeGroupId, encodeGroupId, type MlsGroup } from '#contract/mls-group-id.ts';
import { type Refusal, refuse } from '#contract/refusal.ts';
import type { Work } from '#storage';
import { isSameUser, type OwnConversation, roleOf } from '../conversations/conversation.ts';
import type { Conversations } from '../conversations/conversations.ts';
import type { GroupAddress } from '../mls/group-store.ts';
import type { Group, Groups } from '../mls/groups.ts';
import type { Leaf } from '../mls/leaf-store.ts';
import { mlsOneToOneRole, notBegunOneToOne } from '../mls-conversations/one-to-one.ts';
import type { Actor } from '../updates/publish.ts';

/** A client that acts in a group. */
export interface MlsActor extends Actor {
  readonly client: ClientId;
}

/** The group that a message is for, of a conversation owned here, as its sender finds it. */
export interface Target {
  readonly conversation: OwnConversation;
  readonly address: GroupAddress;
  readonly group: Group;
  /** The sender's. */
  readonly role: string;
  /** False before the first commit in a one-to-one conversation or a subconversation. */
  readonly isStored: { readonly conversation: boolean; readonly group: boolean };
}

/**
 * Finds the group of a message.
 * @param how `read`: as it is known. With a unit of work: as it sees it, `locked` until its end if so asked for
 * @throws Refusal `no-conversation` also for who is no member, `mls-protocol-error` for a group id that is not the
 * present one
 */
export type FindTarget = (
  actor: Actor,
  groupId: Uint8Array,
  how?: { readonly work: Work; readonly lock: boolean },
) => Promise<Target>;

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly conversations: Conversations;
  readonly groups: Groups;
}

export function createFindTarget({ ownDomain, conversations, groups }: Needs): FindTarget {
  return async (actor, groupId, how) => {
    const named = mustBeGroupId(groupId);
    const { id } = named.conversation;
    const stored =
      how?.lock === true ? await conversations.lock(how.work, id) : await conversations.find(id, how?.work);
    const conversation = stored ?? notBegun(named, ownDomain);
    const role = stored === undefined ? mlsOneToOneRole : roleOf(conversation, actor.user, ownDomain);
    if (role === undefined || conversation.group === undefined) throw refuse('no-conversation');
    const subconversation = named.subconversation?.id ?? '';
    const known = (await groups.find(conversation, how?.work)).get(subconversation);
    const group = known ?? firstGroup(conversation, named, conversation.group);
    if (!group.groupId.equals(groupId))
      throw protocolError('The group id is not the present one of its group');
    return {
      conversation,
      address: { conversation: id, subconversation },
      group,
      role,
      isStored: { conversation: stored !== undefined, group: known !== undefined },
    };
  };
}

/** Only one-to-one conversations are there before they are stored. @throws Refusal `no-conversation` */
function notBegun(
  { type, conversation, subconversation }: MlsGroup,
  ownDomain: BackendDomain,
): OwnConversation {
  if (type !== conversationTypes.oneToOne || subconversation !== undefined) throw refuse('no-conversation');
  return notBegunOneToOne(ownDomain, conversation.id);
}

/** A group that nobody has committed to. */
function firstGroup(
  { type, protocol }: OwnConversation,
  { conversation, subconversation }: MlsGroup,
  own: NonNullable<OwnConversation['group']>,
): Group {
  if (subconversation === undefined) return { ...own, leaves: new Map() };
  if (type !== conversationTypes.group || protocol !== 'mls')
    throw refuse('mls-subconv-unsupported-convtype');
  const groupId = encodeGroupId({
    type,
    conversation,
    subconversation: { id: subconversation.id, generation: 0 },
  });
  return { groupId, epoch: 0, begun: undefined, leaves: new Map() };
}

/** The clients that get what a client has sent: all others that are to stay. */
export function othersThan({ user, client }: MlsActor, { leaves }: Group): readonly Leaf[] {
  return [...leaves.values()].filter(
    (leaf) => !leaf.isLeaving && !(leaf.client === client && isSameUser(leaf.user, user)),
  );
}

/** @throws Refusal `mls-protocol-error` */
export function mustBeGroupId(bytes: Uint8Array): MlsGroup {
  const group = decodeGroupId(bytes);
  if (typeof group === 'string') throw protocolError(group);
  return group;
}

/** What is wrong with MLS data. */
export function protocolError(message: string): Refusal {
  return refuse('mls-protocol-error', { message });
}
