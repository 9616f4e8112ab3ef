import { randomUUID } from 'node:crypto';
import { type Access, type AccessRole, conversationTypes } from '#contract/conversations.ts';
import type { BackendDomain, ConversationId, TeamId, UserId } from '#contract/ids.ts';
import { encodeGroupId } from '#contract/mls-group-id.ts';
import { accessRoleSet, accessSet, defaultAccess, defaultAccessRoles } from '../conversations/access.ts';
import {
  byDomain,
  type OwnConversation,
  type QualifiedConversation,
  type QualifiedUser,
} from '../conversations/conversation.ts';
import type { GroupState } from '../mls/group-store.ts';

/** What a client asks for when it makes a group. */
export interface NewGroup {
  /** Without the creator, each once. */
  readonly users: readonly QualifiedUser[];
  /** Of the users; the creator is `wire_admin`. */
  readonly role: string;
  readonly name: string | null;
  readonly access: readonly Access[] | undefined;
  readonly accessRoles: readonly AccessRole[] | undefined;
  readonly team: TeamId | null;
  readonly messageTimer: number | null;
  readonly receiptMode: number | null;
  readonly protocol: 'proteus' | 'mls';
}

export const creatorRole = 'wire_admin';
/** Of a conversation that is not stored yet. */
export const firstVersion = 1;

/** A group as it is at first. */
export function newGroup(
  ownDomain: BackendDomain,
  creator: UserId,
  wanted: NewGroup,
  now: number,
): OwnConversation {
  const id = randomUUID() as ConversationId;
  return {
    id,
    version: firstVersion,
    type: conversationTypes.group,
    creator,
    access: accessSet(wanted.access ?? defaultAccess),
    accessRoles: accessRoleSet(wanted.accessRoles ?? defaultAccessRoles),
    name: wanted.name,
    team: wanted.team,
    messageTimer: wanted.messageTimer,
    receiptMode: wanted.receiptMode,
    protocol: wanted.protocol,
    ...(wanted.protocol === 'mls'
      ? { group: newMlsGroup(conversationTypes.group, { domain: ownDomain, id }) }
      : {}),
    createdAt: now,
    ...memberMaps(ownDomain, creator, wanted.users, wanted.role),
  };
}

/** The MLS group of a conversation that has seen no commit. */
export function newMlsGroup(type: OwnConversation['type'], conversation: QualifiedConversation): GroupState {
  const groupId = encodeGroupId({ type, conversation, subconversation: undefined });
  return { groupId, epoch: 0, begun: undefined };
}

/** A conversation that nobody can come into. */
export function newPrivate(
  ownDomain: BackendDomain,
  wanted: {
    readonly id: ConversationId;
    readonly type: OwnConversation['type'];
    readonly creator: UserId;
    readonly others: readonly QualifiedUser[];
    readonly name?: string | null;
    readonly team?: TeamId | null;
  },
  now: number,
): OwnConversation {
  return {
    id: wanted.id,
    version: firstVersion,
    type: wanted.type,
    creator: wanted.creator,
    access: ['private'],
    accessRoles: [],
    name: wanted.name ?? null,
    team: wanted.team ?? null,
    messageTimer: null,
    receiptMode: null,
    protocol: 'proteus',
    createdAt: now,
    ...memberMaps(ownDomain, wanted.creator, wanted.others, creatorRole),
  };
}

function memberMaps(
  ownDomain: BackendDomain,
  creator: UserId,
  others: readonly QualifiedUser[],
  role: string,
): Pick<OwnConversation, 'ownMembers' | 'remoteMembers'> {
  const groups = new Map(byDomain(others));
  const own = groups.get(ownDomain) ?? [];
  groups.delete(ownDomain);
  const roles = (ids: readonly UserId[]) => ids.map((id) => [id, role] as const);
  return {
    ownMembers: new Map([...roles(own), [creator, creatorRole]]),
    remoteMembers: new Map([...groups].map(([domain, ids]) => [domain, new Map(roles(ids))])),
  };
}
