import type { Access, AccessRole, ConversationType, ProtocolName } from '#contract/conversations.ts';
import type { BackendDomain, ConversationId, Qualified, TeamId, UserId } from '#contract/ids.ts';
import type { GroupState } from '../mls/group-store.ts';

/** The service that a bot belongs to. */
export interface BotService {
  readonly id: string;
  readonly provider: string;
}

/** Users of one backend with the names of their roles. */
export type Roles = ReadonlyMap<UserId, string>;

/** A conversation that this backend owns, with all its members. Never changed: a change makes a new one. */
export interface OwnConversation {
  readonly id: ConversationId;
  /** Of the last lock before this unit of work: whoever changes the conversation has locked it. */
  readonly version: number;
  readonly type: ConversationType;
  readonly creator: UserId | null;
  readonly access: readonly Access[];
  readonly accessRoles: readonly AccessRole[];
  readonly name: string | null;
  readonly team: TeamId | null;
  readonly messageTimer: number | null;
  readonly receiptMode: number | null;
  readonly protocol: ProtocolName;
  /** Its MLS group; none in Proteus. */
  readonly group?: GroupState;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly ownMembers: Roles;
  /** Those of the own members that are bots; none when not given. */
  readonly bots?: ReadonlyMap<UserId, BotService>;
  /** Members of other backends; a backend without members is not in it. */
  readonly remoteMembers: ReadonlyMap<BackendDomain, Roles>;
}

/** What of a conversation can be changed beside its members. */
export type ConversationProperties = Pick<
  OwnConversation,
  'type' | 'access' | 'accessRoles' | 'name' | 'messageTimer' | 'receiptMode' | 'protocol'
>;

export type QualifiedUser = Qualified<UserId>;
export type QualifiedConversation = Qualified<ConversationId>;

/** A member with its role. */
export interface Member {
  readonly user: QualifiedUser;
  readonly role: string;
  /** Of a bot. */
  readonly service?: BotService;
}

/** The role of a member; undefined for who is none. */
export function roleOf(
  conversation: OwnConversation,
  user: QualifiedUser,
  ownDomain: BackendDomain,
): string | undefined {
  const roles =
    user.domain === ownDomain ? conversation.ownMembers : conversation.remoteMembers.get(user.domain);
  return roles?.get(user.id);
}

/** Every member, own ones first. */
export function membersOf(conversation: OwnConversation, ownDomain: BackendDomain): readonly Member[] {
  const all: Member[] = [];
  const add = (domain: BackendDomain, roles: Roles) => {
    for (const [id, role] of roles) all.push({ user: { domain, id }, role });
  };
  const { bots } = conversation;
  for (const [id, role] of conversation.ownMembers) {
    const service = bots?.get(id);
    all.push({ user: { domain: ownDomain, id }, role, ...(service === undefined ? {} : { service }) });
  }
  for (const [domain, roles] of conversation.remoteMembers) add(domain, roles);
  return all;
}

/** The conversation as it is when some are no members any more. */
export function withoutMembers(
  conversation: OwnConversation,
  users: readonly QualifiedUser[],
  ownDomain: BackendDomain,
): OwnConversation {
  if (users.length === 0) return conversation;
  const gone = byDomain(users);
  const without = (roles: Roles, domain: BackendDomain) => {
    const ids = new Set(gone.get(domain));
    return new Map([...roles].filter(([id]) => !ids.has(id)));
  };
  const remote = [...conversation.remoteMembers]
    .map(([domain, roles]) => [domain, without(roles, domain)] as const)
    .filter(([, roles]) => roles.size > 0);
  return {
    ...conversation,
    ownMembers: without(conversation.ownMembers, ownDomain),
    remoteMembers: new Map(remote),
  };
}

/** The users by their backends. */
export function byDomain(users: Iterable<QualifiedUser>): ReadonlyMap<BackendDomain, readonly UserId[]> {
  const groups = new Map<BackendDomain, UserId[]>();
  for (const { domain, id } of users) {
    const group = groups.get(domain);
    if (group === undefined) groups.set(domain, [id]);
    else group.push(id);
  }
  return groups;
}

/** Each user once, in the order of first mention. */
export function distinctUsers(users: readonly QualifiedUser[]): readonly QualifiedUser[] {
  return [...new Map(users.map((user) => [`${user.domain}/${user.id}`, user])).values()];
}

/** Whether two names are of one user. */
export function isSameUser(one: QualifiedUser, other: QualifiedUser): boolean {
  return one.id === other.id && one.domain === other.domain;
}

/** The conversations by their owners, each once. */
export function byConversationDomain(
  ids: readonly QualifiedConversation[],
): ReadonlyMap<BackendDomain, readonly ConversationId[]> {
  const groups = new Map<BackendDomain, Set<ConversationId>>();
  for (const { domain, id } of ids) {
    const group = groups.get(domain) ?? new Set();
    groups.set(domain, group.add(id));
  }
  return new Map([...groups].map(([domain, group]) => [domain, [...group]]));
}
