import { Type } from 'typebox';
import {
  Access,
  AccessRole,
  ConversationName,
  LeaveReason,
  LegacyAccessRole,
  LegacyConversation,
  MessageTimer,
  ProtocolName,
  QualifiedConversationId,
  ReceiptMode,
  RoleName,
  TypingStatus,
} from '../conversations.ts';
import { QualifiedUserId } from '../profiles.ts';
import { ClientIdSchema, ConversationIdSchema, Nullable, UserIdSchema, UtcMillis } from '../schema.ts';

/** Events of conversations (reference events, section 2). The unqualified copies are for old clients. */

export const MemberJoinData = Type.Object({
  users: Type.Array(
    Type.Object({ qualified_id: QualifiedUserId, id: UserIdSchema, conversation_role: RoleName }),
  ),
  user_ids: Type.Array(UserIdSchema),
});
export const MemberLeaveData = Type.Object({
  reason: LeaveReason,
  qualified_user_ids: Type.Array(QualifiedUserId),
  user_ids: Type.Array(UserIdSchema),
});

/** What a member sets for itself alone; only what changes is there. */
export const MemberSettings = Type.Object({
  otr_muted_status: Type.Optional(Type.Integer({ minimum: -2147483648, maximum: 2147483647 })),
  otr_muted_ref: Type.Optional(Type.String()),
  otr_archived: Type.Optional(Type.Boolean()),
  otr_archived_ref: Type.Optional(Type.String()),
  hidden: Type.Optional(Type.Boolean()),
  hidden_ref: Type.Optional(Type.String()),
});
export type MemberSettings = Type.Static<typeof MemberSettings>;

export const MemberUpdateData = Type.Evaluate(
  Type.Intersect([
    Type.Object({
      qualified_target: QualifiedUserId,
      target: UserIdSchema,
      conversation_role: Type.Optional(RoleName),
    }),
    MemberSettings,
  ]),
);

export const CodeInfo = Type.Object({
  key: Type.String(),
  code: Type.String(),
  uri: Type.Optional(Type.String()),
  has_password: Type.Boolean(),
});
export type CodeInfo = Type.Static<typeof CodeInfo>;

export const AccessUpdateData = Type.Object({
  access: Type.Array(Access),
  access_role: LegacyAccessRole,
  access_role_v2: Type.Array(AccessRole),
});

export const ConnectRequestData = Type.Object({
  qualified_recipient: QualifiedUserId,
  recipient: UserIdSchema,
  message: Nullable(Type.String()),
  name: Nullable(Type.String()),
  email: Nullable(Type.String()),
});

export const OtrMessageData = Type.Object({
  /** Clients of the sender and of the recipient. */
  sender: ClientIdSchema,
  recipient: ClientIdSchema,
  /** Ciphertext for this client, in base64. */
  text: Type.String(),
  /** The same for all, in base64. */
  data: Type.Optional(Type.String()),
});

const datas = {
  'conversation.create': LegacyConversation,
  'conversation.member-join': MemberJoinData,
  'conversation.member-leave': MemberLeaveData,
  'conversation.member-update': MemberUpdateData,
  'conversation.rename': Type.Object({ name: ConversationName }),
  'conversation.access-update': AccessUpdateData,
  'conversation.message-timer-update': Type.Object({ message_timer: Nullable(MessageTimer) }),
  'conversation.receipt-mode-update': Type.Object({ receipt_mode: ReceiptMode }),
  'conversation.code-update': CodeInfo,
  'conversation.code-delete': Type.Null(),
  'conversation.protocol-update': Type.Object({ protocol: ProtocolName }),
  'conversation.delete': Type.Null(),
  'conversation.connect-request': ConnectRequestData,
  'conversation.typing': TypingStatus,
  'conversation.otr-message-add': OtrMessageData,
  /** A whole MLSMessage in base64. */
  'conversation.mls-message-add': Type.String(),
  'conversation.mls-welcome': Type.String(),
} as const;

/** The data of each type of event. */
export type ConversationEventData = {
  readonly [T in keyof typeof datas]: Type.Static<(typeof datas)[T]>;
};
export type ConversationEventType = keyof ConversationEventData;

function eventOf<T extends ConversationEventType>(type: T) {
  return Type.Object({
    type: Type.Literal(type),
    conversation: ConversationIdSchema,
    qualified_conversation: QualifiedConversationId,
    from: UserIdSchema,
    qualified_from: QualifiedUserId,
    /** The owner's time. */
    time: UtcMillis,
    subconv: Type.Optional(Type.String()),
    data: datas[type],
  });
}

/** An event of a conversation. */
export const ConversationEvent = Type.Union([
  eventOf('conversation.create'),
  eventOf('conversation.member-join'),
  eventOf('conversation.member-leave'),
  eventOf('conversation.member-update'),
  eventOf('conversation.rename'),
  eventOf('conversation.access-update'),
  eventOf('conversation.message-timer-update'),
  eventOf('conversation.receipt-mode-update'),
  eventOf('conversation.code-update'),
  eventOf('conversation.code-delete'),
  eventOf('conversation.protocol-update'),
  eventOf('conversation.delete'),
  eventOf('conversation.connect-request'),
  eventOf('conversation.typing'),
  eventOf('conversation.otr-message-add'),
  eventOf('conversation.mls-message-add'),
  eventOf('conversation.mls-welcome'),
]);
export type ConversationEvent = Type.Static<typeof ConversationEvent>;
