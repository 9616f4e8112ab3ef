import {
  type Conversation,
  type ConversationType,
  type LegacyConversation,
  legacyConstants,
  type OtherMember,
  type ProtocolInfo,
  type SelfMember,
} from '#contract/conversations.ts';
import type { BackendDomain } from '#contract/ids.ts';
import type { MemberSettingsColumns } from '#storage';
import { defaultSettings } from '../members/member-settings.ts';
import type { GroupState } from '../mls/group-store.ts';
import { legacyAccessRole } from './access.ts';
import { isSameUser, type Member, membersOf, type OwnConversation } from './conversation.ts';

/** A conversation as one of its members sees it: with itself in `members.self`. */
export type ConversationView = Conversation;

/** How the messages of a conversation are encrypted. Suite and time are told from the first commit on. */
export function protocolInfo({ protocol, group }: Pick<OwnConversation, 'protocol' | 'group'>): ProtocolInfo {
  if (protocol === 'proteus' || group === undefined) return { protocol: 'proteus' };
  return { protocol, ...groupMembers(group) };
}

/** A group as conversations and subconversations show it. */
export function groupMembers({ groupId, epoch, begun }: GroupState) {
  return {
    group_id: groupId.toString('base64'),
    epoch,
    ...(begun === undefined ? {} : { epoch_timestamp: wholeSeconds(begun.at), cipher_suite: begun.suite }),
  };
}

/** wire-server tells times of epochs without fraction. */
function wholeSeconds(time: number): string {
  return new Date(time).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** The members of the protocol that stand in a conversation: no suite before the first commit. */
export function protocolMembers(
  protocol: ProtocolInfo,
): Pick<Conversation, 'protocol' | 'group_id' | 'epoch' | 'epoch_timestamp' | 'cipher_suite'> {
  if (protocol.protocol === 'proteus') return { protocol: 'proteus' };
  const { group_id, epoch, epoch_timestamp, cipher_suite } = protocol;
  return {
    protocol: protocol.protocol,
    group_id,
    epoch,
    ...(epoch_timestamp == null ? {} : { epoch_timestamp }),
    ...(cipher_suite == null ? {} : { cipher_suite }),
  };
}

/** The view of a member of a conversation that is owned here. */
export function ownView(
  conversation: OwnConversation,
  ownDomain: BackendDomain,
  self: Member,
  settings: MemberSettingsColumns = defaultSettings,
): ConversationView {
  const { id, type, creator, access, accessRoles, name, team, messageTimer, receiptMode } = conversation;
  const others = membersOf(conversation, ownDomain).filter(({ user }) => !isSameUser(user, self.user));
  return {
    qualified_id: { domain: ownDomain, id },
    id,
    type,
    creator,
    access: [...access],
    access_role: [...accessRoles],
    name,
    team,
    message_timer: messageTimer,
    receipt_mode: receiptMode,
    last_event: legacyConstants.lastEvent,
    last_event_time: legacyConstants.lastEventTime,
    members: { self: selfMember(self, settings), others: others.map(otherMember) },
    ...protocolMembers(protocolInfo(conversation)),
  };
}

/** A member as itself sees it. */
export function selfMember({ user, role }: Member, settings: MemberSettingsColumns): SelfMember {
  return {
    id: user.id,
    qualified_id: user,
    conversation_role: role,
    service: null,
    status: 0,
    status_ref: legacyConstants.lastEvent,
    status_time: legacyConstants.lastEventTime,
    otr_muted_status: settings.muted_status,
    otr_muted_ref: settings.muted_ref,
    otr_archived: settings.archived === 1,
    otr_archived_ref: settings.archived_ref,
    hidden: settings.hidden === 1,
    hidden_ref: settings.hidden_ref,
  };
}

/** A member as others see it. */
export function otherMember({ user, role, service }: Member): OtherMember {
  const member = { qualified_id: user, id: user.id, conversation_role: role, status: 0 };
  return service === undefined ? member : { ...member, service };
}

/** The form of a version from 3 on: up to 5 the suite counts as 1 before the first commit. */
export function viewIn(version: number, view: ConversationView): ConversationView {
  return version < 6 ? withSuite(view) : view;
}

function withSuite<T extends Pick<Conversation, 'protocol' | 'cipher_suite'>>(view: T): T {
  return view.protocol === 'proteus' ? view : { ...view, cipher_suite: view.cipher_suite ?? 1 };
}

/** The form of versions before 3, and of events in any version. */
export function legacyView({ access_role, ...view }: ConversationView): LegacyConversation {
  return { ...withSuite(view), access_role: legacyAccessRole(access_role), access_role_v2: access_role };
}

/** One-to-one and connect conversations cause no native push when they change. */
export function routeOf(type: ConversationType): 'any' | 'direct' {
  return type === 2 || type === 3 ? 'direct' : 'any';
}
