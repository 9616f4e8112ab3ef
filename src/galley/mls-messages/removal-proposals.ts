import { findCipherSuite, parseMlsMessage, proposalReference, proposeRemoval } from '#mls';
import type { Work } from '#storage';
import { isSameUser, type OwnConversation, type QualifiedUser } from '../conversations/conversation.ts';
import type { Group, Groups } from '../mls/groups.ts';
import type { Leaf } from '../mls/leaf-store.ts';
import { insertProposal } from '../mls/proposal-store.ts';
import type { RemovalKeys } from '../mls/removal-keys.ts';
import type { Propagate } from './propagate.ts';

/**
 * The backend proposes to take clients out of groups: of users who are gone, and clients that are. A member's next commit
 * has to do it (reference client-api 8.6).
 */

/** Whose clients are to go. */
export interface Removal {
  /** Whose members are told. */
  readonly conversation: OwnConversation;
  /** Where: in every group of the conversation, in all but its own, or in one subconversation. */
  readonly groups: 'all' | 'subconversations' | { readonly subconversation: string };
  readonly isAffected: (leaf: Leaf) => boolean;
  readonly from: QualifiedUser;
  /** Unix milliseconds. */
  readonly time: number;
}

/** Every client of a user who is gone; it is as if the user itself had proposed it. */
export function clientsOf(user: QualifiedUser): Pick<Removal, 'isAffected' | 'from'> {
  return { isAffected: (leaf) => isSameUser(leaf.user, user), from: user };
}

/** In the unit of work of what has happened, after the conversation was locked. Nothing is done when MLS is off. */
export type ProposeRemovals = (work: Work, removal: Removal) => Promise<void>;

interface Needs {
  readonly groups: Groups;
  readonly propagate: Propagate;
  readonly removalKeys?: RemovalKeys;
}

export function createProposeRemovals({ groups, propagate, removalKeys }: Needs): ProposeRemovals {
  return async (work, removal) => {
    const { conversation, from, time } = removal;
    if (removalKeys === undefined || conversation.protocol === 'proteus') return;
    const all = await groups.find(conversation, work);
    const clients = [...(all.get('')?.leaves.values() ?? [])].filter(({ isLeaving }) => !isLeaving);
    for (const [subconversation, group] of all) {
      if (!isConcerned(removal.groups, subconversation)) continue;
      const place = { conversation, name: subconversation, group };
      const leaving = [...group.leaves.values()].filter(
        (leaf) => !leaf.isLeaving && removal.isAffected(leaf),
      );
      const messages = await planRemovals({ groups, removalKeys }, work, place, leaving, time);
      const isOne = typeof removal.groups === 'object';
      const recipients = isOne
        ? [...group.leaves.values()].filter((leaf) => !leaf.isLeaving && !leaving.includes(leaf))
        : clients;
      for (const message of messages)
        await propagate.message(work, {
          conversation,
          subconversation,
          clients: recipients,
          from,
          time: new Date(time).toISOString(),
          message,
        });
    }
  };
}

function isConcerned(groups: Removal['groups'], subconversation: string): boolean {
  if (groups === 'all') return true;
  if (groups === 'subconversations') return subconversation !== '';
  return groups.subconversation === subconversation;
}

/** A group of a conversation that the unit of work has locked. */
interface GroupPlace {
  readonly conversation: OwnConversation;
  /** Of its subconversation; empty for the conversation's own. */
  readonly name: string;
  readonly group: Group;
}

/**
 * Marks leaves as leaving and keeps a proposal for each. There is none in a group that nobody has committed to.
 * @returns the proposals
 */
export async function planRemovals(
  { groups, removalKeys }: Pick<Needs, 'groups'> & { readonly removalKeys: RemovalKeys },
  work: Work,
  { conversation, name, group }: GroupPlace,
  leaving: readonly Leaf[],
  time: number,
): Promise<readonly Buffer[]> {
  const { groupId, epoch, begun } = group;
  const suite = begun && findCipherSuite(begun.suite);
  const address = { conversation: conversation.id, subconversation: name };
  if (suite === undefined || leaving.length === 0) return [];
  const { scheme } = suite;
  const key = removalKeys.privateKey(scheme);
  const messages: Buffer[] = [];
  for (const { index: leafIndex } of leaving) {
    const message = proposeRemoval({ groupId, epoch: BigInt(epoch), leafIndex, key, scheme });
    const parsed = parseMlsMessage(message);
    if (parsed.kind !== 'public-message') throw new Error(`made a ${parsed.kind}`);
    const reference = proposalReference(parsed.authenticated, suite);
    await insertProposal(work, address, epoch, { reference, origin: 'backend', message }, time);
    messages.push(message);
  }
  await groups.setLeaves(
    work,
    conversation,
    name,
    leaving.map((leaf) => ({ ...leaf, isLeaving: true })),
  );
  return messages;
}
