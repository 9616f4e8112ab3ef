import { legacyConstants, type OtherMember } from '#contract/conversations.ts';
import { getConversations, type RemoteConversation } from '#contract/federation/galley.ts';
import type { CallOptions, FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain, ConversationId, UserId } from '#contract/ids.ts';
import type { MemberSettingsColumns } from '#storage';
import type { QualifiedConversation, QualifiedUser } from '../conversations/conversation.ts';
import { type ConversationView, protocolMembers, selfMember } from '../conversations/view.ts';

/** Conversations that other backends tell. */

/** Those of the conversations that the owner says the user is in; what was not asked for is left out. */
export async function askForConversations(
  federation: FederationCaller,
  domain: BackendDomain,
  user: UserId,
  ids: readonly ConversationId[],
  options?: CallOptions,
): Promise<ReadonlyMap<ConversationId, RemoteConversation>> {
  const input = { user_id: user, conv_ids: [...ids] };
  const { convs } = await federation.call(domain, getConversations, input, options);
  const asked = new Set(ids);
  return new Map(convs.filter(({ id }) => asked.has(id)).map((told) => [told.id, told]));
}

/** What the owner tells, with what the user has set for itself here. */
export function remoteView(
  { domain, id }: QualifiedConversation,
  { metadata, members, protocol }: RemoteConversation,
  user: QualifiedUser,
  settings: MemberSettingsColumns,
): ConversationView {
  return {
    qualified_id: { domain, id },
    id,
    type: metadata.type,
    creator: metadata.creator ?? null,
    access: metadata.access,
    access_role: metadata.access_role,
    name: metadata.name ?? null,
    team: metadata.team ?? null,
    message_timer: metadata.message_timer ?? null,
    receipt_mode: metadata.receipt_mode ?? null,
    last_event: legacyConstants.lastEvent,
    last_event_time: legacyConstants.lastEventTime,
    members: {
      self: selfMember({ user, role: members.self_role }, settings),
      others: members.others.map(asTold),
    },
    ...protocolMembers(protocol ?? { protocol: 'proteus' }),
  };
}

/** The role that a member has when its owner names none. */
const unnamedRole = 'wire_admin';

/** The members of the contract and no others. */
export function asTold({ qualified_id, conversation_role, service }: OtherMember): OtherMember {
  return {
    qualified_id,
    id: qualified_id.id,
    conversation_role: conversation_role ?? unnamedRole,
    status: 0,
    ...(service == null ? {} : { service: { id: service.id, provider: service.provider } }),
  };
}
