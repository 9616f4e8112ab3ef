import { Type } from 'typebox';
import type { UserId } from './ids.ts';
import { QualifiedUserId } from './profiles.ts';
import {
  ConversationIdSchema,
  Nullable,
  QualifiedOf,
  TeamIdSchema,
  UserIdSchema,
  UtcMillis,
} from './schema.ts';

/** Shapes of conversations that client API, events and federation API share (reference federation-api 8.1). */

export const QualifiedConversationId = QualifiedOf(ConversationIdSchema);

/** What a conversation is: 0 group, 1 self, 2 one-to-one, 3 connect (a one-to-one that is not accepted yet). */
export const conversationTypes = { group: 0, self: 1, oneToOne: 2, connect: 3 } as const;
export const ConversationType = Type.Union([
  Type.Literal(conversationTypes.group),
  Type.Literal(conversationTypes.self),
  Type.Literal(conversationTypes.oneToOne),
  Type.Literal(conversationTypes.connect),
]);
export type ConversationType = Type.Static<typeof ConversationType>;

/** By which ways somebody can come into a conversation. */
export const Access = Type.Union([
  Type.Literal('private'),
  Type.Literal('invite'),
  Type.Literal('link'),
  Type.Literal('code'),
]);
export type Access = Type.Static<typeof Access>;

/** What kinds of users may be in a conversation. */
export const AccessRole = Type.Union([
  Type.Literal('team_member'),
  Type.Literal('non_team_member'),
  Type.Literal('guest'),
  Type.Literal('service'),
]);
export type AccessRole = Type.Static<typeof AccessRole>;

/** The one word that versions before 3 of the client API have for a set of access roles. */
export const LegacyAccessRole = Type.Union([
  Type.Literal('private'),
  Type.Literal('team'),
  Type.Literal('activated'),
  Type.Literal('non_activated'),
]);
export type LegacyAccessRole = Type.Static<typeof LegacyAccessRole>;

/** What a role may allow (reference client-api 4.1). */
export const conversationActions = [
  'add_conversation_member',
  'remove_conversation_member',
  'modify_conversation_name',
  'modify_conversation_message_timer',
  'modify_conversation_receipt_mode',
  'modify_conversation_access',
  'modify_other_conversation_member',
  'leave_conversation',
  'delete_conversation',
] as const;
export const RoleAction = Type.Enum([...conversationActions]);
export type RoleAction = (typeof conversationActions)[number];

/** `wire_admin`, `wire_member`, or a name that allows nothing. */
export const RoleName = Type.String({
  pattern: '^[a-z0-9_]{2,128}$',
  description: 'a role name of 2 to 128 characters of a-z 0-9 _',
});

export const ConversationName = Type.String({ minLength: 1, maxLength: 256 });
/** Milliseconds after which messages disappear. */
export const MessageTimer = Type.Integer();
/** Opaque to the server: 32 bits with sign. */
export const ReceiptMode = Type.Integer({ minimum: -2147483648, maximum: 2147483647 });

/** Written for old readers; reading ignores it, whatever it is: only `qualified_id` says who somebody is. */
const LegacyUserId = Type.Unsafe<UserId>(
  Type.Unknown({ description: 'legacy; equals the id of qualified_id' }),
);

export const ServiceRef = Type.Object({ id: Type.String(), provider: Type.String() });

/** A member as others see it. */
export const OtherMember = Type.Object({
  qualified_id: QualifiedUserId,
  id: Type.Optional(LegacyUserId),
  /** `wire_admin` when missing. */
  conversation_role: Type.Optional(RoleName),
  status: Type.Optional(Type.Integer()),
  service: Type.Optional(Nullable(ServiceRef)),
});
export type OtherMember = Type.Static<typeof OtherMember>;

const mlsInfo = {
  group_id: Type.String(),
  epoch: Type.Integer({ minimum: 0 }),
  epoch_timestamp: Type.Optional(Nullable(Type.String())),
  cipher_suite: Type.Optional(Nullable(Type.Integer())),
};

/** How messages of a conversation are encrypted, with the state of its MLS group. */
export const ProtocolInfo = Type.Union([
  Type.Object({ protocol: Type.Literal('proteus') }),
  Type.Object({ protocol: Type.Literal('mls'), ...mlsInfo }),
  Type.Object({ protocol: Type.Literal('mixed'), ...mlsInfo }),
]);
export type ProtocolInfo = Type.Static<typeof ProtocolInfo>;

export const ProtocolName = Type.Union([Type.Literal('proteus'), Type.Literal('mls'), Type.Literal('mixed')]);
export type ProtocolName = Type.Static<typeof ProtocolName>;

/** What an owner tells other backends of a conversation. */
export const ConversationMetadata = Type.Object({
  type: ConversationType,
  creator: Type.Optional(Nullable(UserIdSchema)),
  access: Type.Array(Access),
  access_role: Type.Array(AccessRole),
  name: Type.Optional(Nullable(Type.String())),
  last_event: Type.Optional(Type.String()),
  last_event_time: Type.Optional(Type.String()),
  team: Type.Optional(Nullable(TeamIdSchema)),
  message_timer: Type.Optional(Nullable(MessageTimer)),
  receipt_mode: Type.Optional(Nullable(ReceiptMode)),
});
export type ConversationMetadata = Type.Static<typeof ConversationMetadata>;

/** An object, not a bare text, wherever it is (reference federation-api 0.4). */
export const TypingStatus = Type.Object({
  status: Type.Union([Type.Literal('started'), Type.Literal('stopped')]),
});
export type TypingStatus = Type.Static<typeof TypingStatus>;

export const LeaveReason = Type.Union([
  Type.Literal('left'),
  Type.Literal('user-deleted'),
  Type.Literal('removed'),
]);
export type LeaveReason = Type.Static<typeof LeaveReason>;

/** Constants of conversations and members that old clients read (reference client-api 4.1). */
export const legacyConstants = {
  lastEvent: '0.0',
  lastEventTime: '1970-01-01T00:00:00.000Z',
} as const;

/** The user's own membership, with what only it sees. */
export const SelfMember = Type.Object({
  id: UserIdSchema,
  qualified_id: QualifiedUserId,
  conversation_role: RoleName,
  service: Nullable(ServiceRef),
  status: Type.Integer(),
  status_ref: Type.String(),
  status_time: UtcMillis,
  otr_muted_status: Nullable(Type.Integer()),
  otr_muted_ref: Nullable(Type.String()),
  otr_archived: Type.Boolean(),
  otr_archived_ref: Nullable(Type.String()),
  hidden: Type.Boolean(),
  hidden_ref: Nullable(Type.String()),
});
export type SelfMember = Type.Static<typeof SelfMember>;

const shared = {
  qualified_id: QualifiedConversationId,
  id: ConversationIdSchema,
  type: ConversationType,
  creator: Type.Optional(Nullable(UserIdSchema)),
  access: Type.Array(Access),
  name: Nullable(Type.String()),
  team: Nullable(TeamIdSchema),
  message_timer: Nullable(MessageTimer),
  receipt_mode: Nullable(ReceiptMode),
  last_event: Type.String(),
  last_event_time: Type.String(),
  members: Type.Object({ self: SelfMember, others: Type.Array(OtherMember) }),
  protocol: ProtocolName,
  group_id: Type.Optional(Type.String()),
  epoch: Type.Optional(Type.Integer()),
  epoch_timestamp: Type.Optional(Nullable(Type.String())),
  cipher_suite: Type.Optional(Type.Integer()),
};

/** A conversation as one of its members sees it, from version 3 of the client API on. */
export const Conversation = Type.Object({ ...shared, access_role: Type.Array(AccessRole) });
export type Conversation = Type.Static<typeof Conversation>;

/** The same before version 3, and in events of any version. */
export const LegacyConversation = Type.Object({
  ...shared,
  access_role: LegacyAccessRole,
  access_role_v2: Type.Array(AccessRole),
});
export type LegacyConversation = Type.Static<typeof LegacyConversation>;

/** The answer of creating a group, from version 4 on. Creation is all or nothing, so nobody failed. */
export const CreatedGroup = Type.Object({
  ...shared,
  access_role: Type.Array(AccessRole),
  failed_to_add: Type.Array(QualifiedUserId),
});
export type CreatedGroup = Type.Static<typeof CreatedGroup>;
