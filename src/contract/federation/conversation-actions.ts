import { Type } from 'typebox';
import {
  Access,
  AccessRole,
  ConversationName,
  LeaveReason,
  MessageTimer,
  ProtocolName,
  ReceiptMode,
  RoleName,
} from '../conversations.ts';
import { QualifiedUserId } from '../profiles.ts';
import { Nullable } from '../schema.ts';

/** What can happen to a conversation, as backends tell one another (reference federation-api 5.3). */

const nothing = Type.Object({});
const users = Type.Array(QualifiedUserId, { minItems: 1, maxItems: 10_000 });

const actions = {
  ConversationJoinTag: Type.Object({ users, role: RoleName }),
  /** The leaver is the actor. */
  ConversationLeaveTag: nothing,
  ConversationRemoveMembersTag: Type.Object({ targets: users, reason: LeaveReason }),
  ConversationMemberUpdateTag: Type.Object({
    target: QualifiedUserId,
    update: Type.Object({ conversation_role: RoleName }),
  }),
  ConversationDeleteTag: nothing,
  ConversationRenameTag: Type.Object({ name: ConversationName }),
  ConversationMessageTimerUpdateTag: Type.Object({ message_timer: Nullable(MessageTimer) }),
  ConversationReceiptModeUpdateTag: Type.Object({ receipt_mode: ReceiptMode }),
  ConversationAccessDataTag: Type.Object({
    access: Type.Array(Access),
    access_role: Type.Array(AccessRole),
  }),
  ConversationUpdateProtocolTag: ProtocolName,
} as const;

export type ConversationActionTag = keyof typeof actions;

function tagged<T extends ConversationActionTag>(tag: T) {
  return Type.Object({ tag: Type.Literal(tag), action: actions[tag] });
}

export const ConversationAction = Type.Union([
  tagged('ConversationJoinTag'),
  tagged('ConversationLeaveTag'),
  tagged('ConversationRemoveMembersTag'),
  tagged('ConversationMemberUpdateTag'),
  tagged('ConversationDeleteTag'),
  tagged('ConversationRenameTag'),
  tagged('ConversationMessageTimerUpdateTag'),
  tagged('ConversationReceiptModeUpdateTag'),
  tagged('ConversationAccessDataTag'),
  tagged('ConversationUpdateProtocolTag'),
]);
export type ConversationAction = Type.Static<typeof ConversationAction>;

/** One action by its tag. */
export type ActionOf<T extends ConversationActionTag> = Extract<ConversationAction, { readonly tag: T }>;
