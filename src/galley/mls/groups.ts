import type { ConversationId } from '#contract/ids.ts';
import type { GroupInfo } from '#mls';
import type { Storage, Work } from '#storage';
import type { OwnConversation } from '../conversations/conversation.ts';
import type { Conversations } from '../conversations/conversations.ts';
import { ExactCache } from '../conversations/exact-cache.ts';
import { type GroupState, listGroups, putGroup } from './group-store.ts';
import { deleteLeaves, type Leaf, listLeaves, putLeaves } from './leaf-store.ts';
import { deleteProposals } from './proposal-store.ts';

/** A group with the clients in it. Never changed: a change makes a new one. */
export interface Group extends GroupState {
  readonly leaves: ReadonlyMap<number, Leaf>;
  /** The bytes of its group context, which members sign, while they are in memory; else the group info has them. */
  readonly context?: Uint8Array;
}

/** The groups of one conversation, by the ids of their subconversations; the empty one is its own. */
export type GroupsOfConversation = ReadonlyMap<string, Group>;

/** What a commit does to a group. */
export interface GroupChange {
  readonly state: GroupState;
  readonly groupInfo: GroupInfo;
  /** Indexes of leaves that are blank now. */
  readonly blanked: readonly number[];
  /** Leaves that are new or other than before. */
  readonly set: readonly Leaf[];
}

/**
 * MLS groups of conversations owned here, from memory as long as nothing has changed; see `ConversationLookup`. Whoever
 * changes one has locked its conversation, and says which by the name of its subconversation, empty for its own.
 */
export interface Groups {
  /** Inside a unit of work, `work` has to be given; then what the unit of work itself has changed is seen. */
  find(conversation: VersionOf, work?: Work): Promise<GroupsOfConversation>;
  /** The next epoch begins; what was proposed before is forgotten. */
  commit(work: Work, conversation: OwnConversation, name: string, change: GroupChange): Promise<void>;
  /** Leaves other than before, in the same epoch. */
  setLeaves(work: Work, conversation: OwnConversation, name: string, leaves: readonly Leaf[]): Promise<void>;
  /** Begins a group again, or for the first time: nobody is in it. */
  reset(work: Work, conversation: OwnConversation, name: string, state: GroupState): Promise<void>;
}

/** A conversation as it was read, in the same unit of work if there is one. */
type VersionOf = Pick<OwnConversation, 'id' | 'version'>;

/** Groups as they were at a version of their conversation. */
interface Versioned {
  readonly version: number;
  readonly groups: GroupsOfConversation;
}

interface Needs {
  readonly storage: Storage;
  readonly conversations: Conversations;
  /** How many clients in groups are kept in memory. */
  readonly maxCachedMembers: number;
  readonly now: () => number;
}

const noGroups: GroupsOfConversation = new Map();

export function createGroups({ storage, conversations, maxCachedMembers, now }: Needs): Groups {
  const cache = new ExactCache<Versioned>(maxCachedMembers, weightOf, now);
  const isShared = storage.dialect === 'postgres';
  const find: Groups['find'] = async ({ id, version }, work) => {
    const known = cache.peek(id);
    if (known !== undefined && (!isShared || known.version === version)) return known.groups;
    if (work !== undefined) return load(work.reader, id);
    if (known !== undefined) cache.drop(id);
    const read = async () => ({ version, groups: await load(storage.reader, id) });
    return (await cache.find(id, read))?.groups ?? noGroups;
  };
  /** The unit of work changes a group of the conversation, and to what. */
  const changes = async (work: Work, conversation: OwnConversation, name: string, group: Group) => {
    const groups = new Map(await find(conversation, work)).set(name, group);
    cache.change(work, conversation.id, { version: conversation.version + 1, groups });
    if (name === '') conversations.groupChanges(work, conversation, stateOf(group));
  };
  return {
    find,
    async commit(work, conversation, name, { state, groupInfo, blanked, set }) {
      const before = (await find(conversation, work)).get(name)?.leaves;
      // A copy: what it is a part of is a thousand times as large.
      const context = Buffer.from(groupInfo.context.bytes);
      const leaves = changedLeaves(before, blanked, set);
      await changes(work, conversation, name, { ...state, leaves, context });
      const address = { conversation: conversation.id, subconversation: name };
      await putGroup(work, address, state, groupInfo.bytes);
      await deleteLeaves(work, address, blanked);
      await putLeaves(work, address, set);
      await deleteProposals(work, address);
    },
    async setLeaves(work, conversation, name, changed) {
      const before = (await find(conversation, work)).get(name);
      if (before === undefined) throw new Error(`no group "${name}" in ${conversation.id}`);
      await changes(work, conversation, name, {
        ...before,
        leaves: changedLeaves(before.leaves, [], changed),
      });
      await putLeaves(work, { conversation: conversation.id, subconversation: name }, changed);
    },
    async reset(work, conversation, name, state) {
      const before = (await find(conversation, work)).get(name);
      await changes(work, conversation, name, { ...state, leaves: new Map() });
      const address = { conversation: conversation.id, subconversation: name };
      await putGroup(work, address, state);
      await deleteLeaves(work, address, [...(before?.leaves.keys() ?? [])]);
      await deleteProposals(work, address);
    },
  };
}

function stateOf({ groupId, epoch, begun }: Group): GroupState {
  return { groupId, epoch, begun };
}

/** In order of their index, as the database gives them. */
function changedLeaves(
  before: ReadonlyMap<number, Leaf> | undefined,
  blanked: readonly number[],
  set: readonly Leaf[],
): ReadonlyMap<number, Leaf> {
  const leaves = new Map(before);
  for (const index of blanked) leaves.delete(index);
  const isNew = set.some(({ index }) => !leaves.has(index));
  for (const { index, user, client, signatureKey, isLeaving } of set)
    leaves.set(index, { index, user, client, signatureKey, isLeaving });
  return isNew ? new Map([...leaves].toSorted(([one], [other]) => one - other)) : leaves;
}

async function load(reader: Work['reader'], conversation: ConversationId): Promise<GroupsOfConversation> {
  const states = await listGroups(reader, conversation);
  const leaves = await listLeaves(reader, conversation);
  return new Map(
    [...states].map(([name, state]) => [name, { ...state, leaves: leaves.get(name) ?? new Map() }]),
  );
}

function weightOf({ groups }: Versioned): number {
  let weight = 1;
  for (const { leaves } of groups.values()) weight += 1 + leaves.size;
  return weight;
}
