import { Type } from 'typebox';
import {
  Access,
  AccessRole,
  ConversationType,
  MessageTimer,
  OtherMember,
  ProtocolInfo,
  ReceiptMode,
  TypingStatus,
} from '../conversations.ts';
import { MessageSendingStatus, Priority } from '../messages.ts';
import { QualifiedUserId } from '../profiles.ts';
import { rpc } from '../rpc.ts';
import {
  ClientIdSchema,
  ConversationIdSchema,
  Domain,
  Empty,
  MapOf,
  Nullable,
  UserIdSchema,
} from '../schema.ts';
import { ConversationAction } from './conversation-actions.ts';
import { ConversationUpdate, olderConversationUpdate } from './conversation-updates.ts';
import { GalleyError } from './galley-errors.ts';
import {
  deleteSubconversation,
  getOneToOneConversation,
  getSubconversation,
  leaveSubconversation,
  queryGroupInfo,
  RemoteConversation,
} from './mls-conversations.ts';
import { mlsWelcome, onMlsMessageSent, sendMlsCommitBundle, sendMlsMessage } from './mls-messages.ts';
import { Base64, UtcTime } from './scalars.ts';

export type { RemoteConversation } from './mls-conversations.ts';

/** Every RPC of galley (reference federation-api 5.4). */

/** The most conversations that one notification names (reference 5.4.16, 5.4.19). */
export const maxConversationsPerNotification = 1000;

export const ConversationCreated = Type.Object({
  time: UtcTime,
  /** The creator, of the origin domain. */
  orig_user_id: UserIdSchema,
  cnv_id: ConversationIdSchema,
  cnv_type: ConversationType,
  cnv_access: Type.Array(Access),
  cnv_access_roles: Type.Array(AccessRole),
  cnv_name: Type.Optional(Nullable(Type.String())),
  /** The owner's members without the creator, and the callee's. */
  non_creator_members: Type.Array(OtherMember),
  message_timer: Type.Optional(Nullable(MessageTimer)),
  receipt_mode: Type.Optional(Nullable(ReceiptMode)),
  protocol: Type.Optional(ProtocolInfo),
});
export type ConversationCreated = Type.Static<typeof ConversationCreated>;

export const TypingUpdated = Type.Object({
  time: UtcTime,
  orig_user_id: QualifiedUserId,
  conv_id: ConversationIdSchema,
  users_in_conv: Type.Array(UserIdSchema),
  typing_status: TypingStatus,
});
export type TypingUpdated = Type.Static<typeof TypingUpdated>;

export const onConversationCreated = rpc('galley', 'on-conversation-created', {
  about: 'Tells a backend that users of its are in a new conversation.',
  input: ConversationCreated,
  output: Empty,
});

export const getConversations = rpc('galley', 'get-conversations', {
  about: 'Returns those of the conversations that exist and have the user as a member.',
  input: Type.Object({
    user_id: UserIdSchema,
    conv_ids: Type.Array(ConversationIdSchema, { maxItems: 1000 }),
  }),
  output: Type.Object({ convs: Type.Array(RemoteConversation) }),
});

export const leaveErrors = {
  notFound: 'RemoveFromConversationErrorNotFound',
  notAllowed: 'RemoveFromConversationErrorRemovalNotAllowed',
  unchanged: 'RemoveFromConversationErrorUnchanged',
} as const;

export const LeaveConversationResponse = Type.Union([
  Type.Object({ Right: Type.Array(Type.Unknown()) }),
  Type.Object({
    Left: Type.Union([
      Type.Literal(leaveErrors.notFound),
      Type.Literal(leaveErrors.notAllowed),
      Type.Literal(leaveErrors.unchanged),
    ]),
  }),
]);

export const leaveConversation = rpc('galley', 'leave-conversation', {
  about: 'Asks the owner to take a user out of a conversation.',
  input: Type.Object({ conv_id: ConversationIdSchema, leaver: UserIdSchema }),
  output: LeaveConversationResponse,
});

export const UpdateConversationResponse = Type.Union([
  Type.Object({
    tag: Type.Literal('ConversationUpdateResponseUpdate'),
    contents: ConversationUpdate,
  }),
  Type.Object({ tag: Type.Literal('ConversationUpdateResponseNoChanges') }),
  Type.Object({ tag: Type.Literal('ConversationUpdateResponseError'), contents: GalleyError }),
  Type.Object({
    tag: Type.Literal('ConversationUpdateResponseNonFederatingBackends'),
    contents: Type.Object({ non_federating_backends: Type.Array(Domain) }),
  }),
  Type.Object({
    tag: Type.Literal('ConversationUpdateResponseUnreachableBackends'),
    contents: Type.Object({ unreachable_backends: Type.Array(Domain) }),
  }),
]);
export type UpdateConversationResponse = Type.Static<typeof UpdateConversationResponse>;

export const updateConversation = rpc('galley', 'update-conversation', {
  about: 'Asks the owner to change a conversation for a user.',
  input: Type.Object({
    user: UserIdSchema,
    conv_id: ConversationIdSchema,
    action: ConversationAction,
  }),
  output: UpdateConversationResponse,
});

export const TypingResponse = Type.Union([
  Type.Object({ tag: Type.Literal('TypingDataUpdateSuccess'), contents: TypingUpdated }),
  Type.Object({ tag: Type.Literal('TypingDataUpdateError'), contents: GalleyError }),
]);

export const updateTypingIndicator = rpc('galley', 'update-typing-indicator', {
  about: 'Tells the owner that a user types, or has stopped.',
  input: Type.Object({
    typing_status: TypingStatus,
    user_id: UserIdSchema,
    conv_id: ConversationIdSchema,
  }),
  output: TypingResponse,
});

export const onTypingIndicatorUpdated = rpc('galley', 'on-typing-indicator-updated', {
  about: 'Tells a backend that somebody types in a conversation of the caller.',
  input: TypingUpdated,
  output: Empty,
});

export const onConversationUpdated = rpc('galley', 'on-conversation-updated', {
  about: 'Tells a backend what has changed in a conversation of the caller.',
  delivery: 'queued',
  input: ConversationUpdate,
  output: Empty,
  older: olderConversationUpdate,
});

/** Why the owner has not sent a message (reference federation-api 5.4.4). */
export const messageErrors = {
  clientMissing: 'MessageNotSentClientMissing',
  conversationNotFound: 'MessageNotSentConversationNotFound',
  unknownClient: 'MessageNotSentUnknownClient',
  legalhold: 'MessageNotSentLegalhold',
  legalholdOldClients: 'MessageNotSentLegalholdOldClients',
} as const;

export const MessageSendResponse = Type.Union([
  Type.Object({ Right: MessageSendingStatus }),
  Type.Object({
    Left: Type.Union([
      Type.Object({ tag: Type.Literal(messageErrors.clientMissing), contents: MessageSendingStatus }),
      Type.Object({ tag: Type.Literal(messageErrors.conversationNotFound) }),
      Type.Object({ tag: Type.Literal(messageErrors.unknownClient) }),
      Type.Object({ tag: Type.Literal(messageErrors.legalhold) }),
      Type.Object({ tag: Type.Literal(messageErrors.legalholdOldClients) }),
    ]),
  }),
]);
export type MessageSendResponse = Type.Static<typeof MessageSendResponse>;

export const sendMessage = rpc('galley', 'send-message', {
  about: 'Asks the owner of a conversation to send a Proteus message for a user.',
  input: Type.Object({
    conv_id: ConversationIdSchema,
    sender: UserIdSchema,
    /** The `QualifiedNewOtrMessage` of the client, byte for byte, in base64. */
    raw_message: Base64,
  }),
  output: MessageSendResponse,
});

export const onMessageSent = rpc('galley', 'on-message-sent', {
  about: 'Tells a backend that its users have got a Proteus message.',
  delivery: 'queued',
  input: Type.Object({
    time: UtcTime,
    data: Type.Optional(Nullable(Type.String())),
    /** Of any domain. */
    sender: QualifiedUserId,
    sender_client: ClientIdSchema,
    /** Of the origin domain. */
    conversation: ConversationIdSchema,
    priority: Type.Optional(Nullable(Priority)),
    push: Type.Boolean(),
    transient: Type.Boolean(),
    /** Ciphertexts in base64 for users of the callee. */
    recipients: MapOf(UserIdSchema, MapOf(ClientIdSchema, Type.String())),
  }),
  output: Empty,
});

export const onClientRemoved = rpc('galley', 'on-client-removed', {
  about: 'Tells the owner of conversations that a client of a user is gone.',
  delivery: 'queued',
  input: Type.Object({
    user: UserIdSchema,
    client: ClientIdSchema,
    convs: Type.Array(ConversationIdSchema, { maxItems: maxConversationsPerNotification }),
  }),
  output: Empty,
});

export const onUserDeletedConversations = rpc('galley', 'on-user-deleted-conversations', {
  about: 'Tells the owner of conversations that a user is gone.',
  delivery: 'queued',
  input: Type.Object({
    user: UserIdSchema,
    conversations: Type.Array(ConversationIdSchema, {
      minItems: 1,
      maxItems: maxConversationsPerNotification,
    }),
  }),
  output: Empty,
});

export const galleyRpcs = {
  onConversationCreated,
  getConversations,
  leaveConversation,
  updateConversation,
  updateTypingIndicator,
  onTypingIndicatorUpdated,
  onConversationUpdated,
  sendMessage,
  onMessageSent,
  onClientRemoved,
  onUserDeletedConversations,
  queryGroupInfo,
  getOneToOneConversation,
  getSubconversation,
  deleteSubconversation,
  leaveSubconversation,
  sendMlsMessage,
  sendMlsCommitBundle,
  mlsWelcome,
  onMlsMessageSent,
};
