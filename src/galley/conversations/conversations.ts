import type { BackendDomain, ConversationId, UserId } from '#contract/ids.ts';
import type { Storage, Work } from '#storage';
import { deleteMembers, insertMembers, updateRole } from '../members/member-store.ts';
import {
  deleteRemoteMembers,
  findRemoteMembers,
  insertRemoteMembers,
} from '../members/remote-membership-store.ts';
import type { GroupState } from '../mls/group-store.ts';
import {
  type ConversationProperties,
  type Member,
  membersOf,
  type OwnConversation,
  type QualifiedConversation,
  type QualifiedUser,
} from './conversation.ts';
import {
  deleteConversation,
  findConversation,
  findVersion,
  insertConversation,
  lockConversation,
  updateProperties,
} from './conversation-store.ts';
import { ExactCache } from './exact-cache.ts';

/**
 * Who is in which conversation, from memory as long as nothing has changed. What several processes share, as on
 * PostgreSQL, is in memory as long as its version in the database is the same. Inside a unit of work, `work` has to be
 * given; then what the unit of work itself has changed is seen.
 */
export interface ConversationLookup {
  /** A conversation that this backend owns. */
  find(id: ConversationId, work?: Work): Promise<OwnConversation | undefined>;
  /** Own users in a conversation of another backend, each with the name of its stay there. */
  findRemoteMembers(conversation: QualifiedConversation, work?: Work): Promise<ReadonlyMap<UserId, string>>;
  /** Puts them into memory ahead of a unit of work, where memory may serve it. */
  preloadRemoteMembers(conversation: QualifiedConversation): Promise<void>;
}

/** The one way to change conversations and memberships; keeps what is in memory exact. */
export interface Conversations extends ConversationLookup {
  /** The conversation as it is now, locked until the end of the unit of work. */
  lock(work: Work, id: ConversationId): Promise<OwnConversation | undefined>;
  /** Adds a conversation with its members. Returns false, having changed nothing, when there is one with its id. */
  add(work: Work, conversation: OwnConversation, state?: 'whole' | 'pending'): Promise<boolean>;
  setProperties(work: Work, id: ConversationId, properties: ConversationProperties): Promise<void>;
  /** Says that the unit of work changes the MLS group of a conversation that it has locked, and to what; see `Groups`. */
  groupChanges(work: Work, conversation: OwnConversation, group: GroupState): void;
  addMembers(work: Work, id: ConversationId, members: readonly Member[]): Promise<void>;
  removeMembers(work: Work, id: ConversationId, users: readonly QualifiedUser[]): Promise<void>;
  setRole(work: Work, id: ConversationId, user: QualifiedUser, role: string): Promise<void>;
  /** Takes a conversation away with everything that belongs to it. */
  remove(work: Work, id: ConversationId): Promise<void>;
  addRemoteMembers(work: Work, conversation: QualifiedConversation, users: readonly UserId[]): Promise<void>;
  removeRemoteMembers(
    work: Work,
    conversation: QualifiedConversation,
    users: readonly UserId[],
  ): Promise<void>;
}

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  /** How many memberships are kept in memory. */
  readonly maxCachedMembers: number;
  readonly now: () => number;
}

const nobody: ReadonlyMap<UserId, string> = new Map();

/** A conversation itself weighs as much as some members. */
const conversationWeight = 4;

export function createConversations({ ownDomain, storage, maxCachedMembers, now }: Needs): Conversations {
  const own = new ExactCache<OwnConversation>(maxCachedMembers, weightOf, now);
  const remote = new ExactCache<ReadonlyMap<UserId, string>>(
    maxCachedMembers,
    (members) => conversationWeight + members.size,
    now,
  );
  const isShared = storage.dialect === 'postgres';
  const keyOf = ({ domain, id }: QualifiedConversation) => `${domain}/${id}`;
  const remoteMembersInMemory = async (conversation: QualifiedConversation) => {
    const members = await remote.find(keyOf(conversation), async () => {
      const found = await findRemoteMembers(storage.reader, conversation);
      return found.size === 0 ? undefined : found;
    });
    return members ?? nobody;
  };
  return {
    async find(id, work) {
      if (isShared) {
        const version = await findVersion(work?.reader ?? storage.reader, id);
        const known = own.peek(id);
        if (known !== undefined && known.version === version) return known;
        own.drop(id);
        if (version === undefined) return undefined;
      }
      if (work === undefined) return own.find(id, () => findConversation(storage.reader, ownDomain, id));
      return own.peek(id) ?? findConversation(work.reader, ownDomain, id);
    },
    async findRemoteMembers(conversation, work) {
      if (isShared) return findRemoteMembers((work ?? storage).reader, conversation);
      if (work === undefined) return await remoteMembersInMemory(conversation);
      return remote.peek(keyOf(conversation)) ?? findRemoteMembers(work.reader, conversation);
    },
    async preloadRemoteMembers(conversation) {
      if (!isShared) await remoteMembersInMemory(conversation);
    },
    lock: (work, id) => lockConversation(work, ownDomain, id, own.peek(id)),
    async add(work, conversation, state = 'whole') {
      own.change(work, conversation.id);
      if (!(await insertConversation(work, conversation, state === 'pending'))) return false;
      await insertMembers(work, conversation.id, membersOf(conversation, ownDomain));
      return true;
    },
    setProperties(work, id, properties) {
      own.change(work, id);
      return updateProperties(work, id, properties);
    },
    groupChanges: (work, conversation, group) =>
      own.change(work, conversation.id, nextVersion({ ...conversation, group })),
    addMembers(work, id, members) {
      own.change(work, id);
      return insertMembers(work, id, members);
    },
    removeMembers(work, id, users) {
      own.change(work, id);
      return deleteMembers(work, id, users);
    },
    setRole(work, id, user, role) {
      own.change(work, id);
      return updateRole(work, id, user, role);
    },
    remove(work, id) {
      own.change(work, id);
      return deleteConversation(work, id);
    },
    addRemoteMembers(work, conversation, users) {
      remote.change(work, keyOf(conversation));
      return insertRemoteMembers(work, conversation, users);
    },
    removeRemoteMembers(work, conversation, users) {
      remote.change(work, keyOf(conversation));
      return deleteRemoteMembers(work, conversation, users);
    },
  };
}

/** As it will be after the unit of work that has locked it. */
function nextVersion(conversation: OwnConversation): OwnConversation {
  return { ...conversation, version: conversation.version + 1 };
}

function weightOf({ ownMembers, remoteMembers }: OwnConversation): number {
  let weight = conversationWeight + ownMembers.size;
  for (const members of remoteMembers.values()) weight += members.size;
  return weight;
}
