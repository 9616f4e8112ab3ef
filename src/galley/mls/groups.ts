import type { ConversationId } from '#contract/ids.ts';
import type { Storage, Work } from '#storage';
import type { OwnConversation } from '../conversations/conversation.ts';
import type { Conversations } from '../conversations/conversations.ts';
import { ExactCache } from '../conversations/exact-cache.ts';
import { type GroupAddress, type GroupState, listGroups, putGroup } from './group-store.ts';
import { deleteLeaves, type Leaf, listLeaves, putLeaves } from './leaf-store.ts';
import { deleteProposals } from './proposal-store.ts';

/** A group with the clients in it. Never changed: a change makes a new one. */
export interface Group extends GroupState {
  readonly leaves: ReadonlyMap<number, Leaf>;
}

/** The groups of one conversation, by the ids of their subconversations; the empty one is its own. */
export type GroupsOfConversation = ReadonlyMap<string, Group>;

/** What a commit does to a group. */
export interface GroupChange {
  readonly state: GroupState;
  readonly groupInfo: Uint8Array;
  /** Indexes of leaves that are blank now. */
  readonly blanked: readonly number[];
  /** Leaves that are new or other than before. */
  readonly set: readonly Leaf[];
}

/** MLS groups of conversations owned here, from memory as long as nothing has changed; see `ConversationLookup`. */
export interface Groups {
  /** Inside a unit of work, `work` has to be given; then what the unit of work itself has changed is seen. */
  find(conversation: VersionOf, work?: Work): Promise<GroupsOfConversation>;
  /** The next epoch begins; what was proposed before is forgotten. */
  commit(work: Work, address: GroupAddress, change: GroupChange): Promise<void>;
  /** Leaves other than before, in the same epoch. */
  setLeaves(work: Work, address: GroupAddress, leaves: readonly Leaf[]): Promise<void>;
  /** Begins a group again, or for the first time: nobody is in it. */
  reset(work: Work, address: GroupAddress, state: GroupState): Promise<void>;
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
  const changes = (work: Work, { conversation, subconversation }: GroupAddress) => {
    cache.change(work, conversation);
    if (subconversation === '') conversations.groupChanges(work, conversation);
  };
  return {
    async find({ id, version }, work) {
      const known = cache.peek(id);
      if (known !== undefined && (!isShared || known.version === version)) return known.groups;
      if (work !== undefined) return load(work.reader, id);
      if (known !== undefined) cache.drop(id);
      const read = async () => ({ version, groups: await load(storage.reader, id) });
      return (await cache.find(id, read))?.groups ?? noGroups;
    },
    async commit(work, address, { state, groupInfo, blanked, set }) {
      changes(work, address);
      await putGroup(work, address, state, groupInfo);
      await deleteLeaves(work, address, blanked);
      await putLeaves(work, address, set);
      await deleteProposals(work, address);
    },
    setLeaves(work, address, leaves) {
      changes(work, address);
      return putLeaves(work, address, leaves);
    },
    async reset(work, address, state) {
      changes(work, address);
      const before = (await load(work.reader, address.conversation)).get(address.subconversation);
      await putGroup(work, address, state);
      await deleteLeaves(work, address, [...(before?.leaves.keys() ?? [])]);
      await deleteProposals(work, address);
    },
  };
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
