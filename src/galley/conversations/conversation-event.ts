import type {
  ConversationEvent,
  ConversationEventData,
  ConversationEventType,
} from '#contract/events/conversation.ts';
import type { ActionOf, ConversationAction } from '#contract/federation/conversation-actions.ts';
import { refuse } from '#contract/refusal.ts';
import { legacyAccessRole } from './access.ts';
import type { QualifiedConversation, QualifiedUser } from './conversation.ts';

/** What every event of a conversation says. */
export interface Happening {
  readonly conversation: QualifiedConversation;
  readonly from: QualifiedUser;
  /** UTC with milliseconds: the owner's time. */
  readonly time: string;
  /** The subconversation that it happened in. */
  readonly subconversation?: string;
}

/** Makes an event. */
export function conversationEvent<T extends ConversationEventType>(
  type: T,
  { conversation, from, time, subconversation }: Happening,
  data: ConversationEventData[T],
): ConversationEvent {
  return {
    type,
    conversation: conversation.id,
    qualified_conversation: conversation,
    from: from.id,
    qualified_from: from,
    time,
    ...(subconversation === undefined ? {} : { subconv: subconversation }),
    data,
  } as ConversationEvent;
}

/** The event that an action is to clients (reference federation-api 5.3). */
export function eventOfAction(happening: Happening, action: ConversationAction): ConversationEvent {
  switch (action.tag) {
    case 'ConversationJoinTag':
      return joinEvent(happening, action.action);
    case 'ConversationLeaveTag':
      return leaveEvent(happening, { targets: [happening.from], reason: 'left' });
    case 'ConversationRemoveMembersTag':
      return leaveEvent(happening, action.action);
    case 'ConversationMemberUpdateTag': {
      const { target, update } = action.action;
      return conversationEvent('conversation.member-update', happening, {
        qualified_target: target,
        target: target.id,
        conversation_role: update.conversation_role,
      });
    }
    case 'ConversationDeleteTag':
      return conversationEvent('conversation.delete', happening, null);
    default:
      return propertyEvent(happening, action);
  }
}

type MembershipTag =
  | 'ConversationJoinTag'
  | 'ConversationLeaveTag'
  | 'ConversationRemoveMembersTag'
  | 'ConversationMemberUpdateTag'
  | 'ConversationDeleteTag';

function propertyEvent(
  happening: Happening,
  action: Exclude<ConversationAction, ActionOf<MembershipTag>>,
): ConversationEvent {
  switch (action.tag) {
    case 'ConversationRenameTag':
      return conversationEvent('conversation.rename', happening, { name: action.action.name });
    case 'ConversationMessageTimerUpdateTag':
      return conversationEvent('conversation.message-timer-update', happening, {
        message_timer: action.action.message_timer ?? null,
      });
    case 'ConversationReceiptModeUpdateTag':
      return conversationEvent('conversation.receipt-mode-update', happening, {
        receipt_mode: action.action.receipt_mode,
      });
    case 'ConversationAccessDataTag': {
      const { access, access_role } = action.action;
      return conversationEvent('conversation.access-update', happening, {
        access,
        access_role: legacyAccessRole(access_role),
        access_role_v2: access_role,
      });
    }
    case 'ConversationUpdateProtocolTag':
      return conversationEvent('conversation.protocol-update', happening, { protocol: action.action });
  }
}

function joinEvent(
  happening: Happening,
  { users, role }: ActionOf<'ConversationJoinTag'>['action'],
): ConversationEvent {
  return conversationEvent('conversation.member-join', happening, {
    users: users.map((user) => ({ qualified_id: user, id: user.id, conversation_role: role })),
    user_ids: users.map(({ id }) => id),
  });
}

/** The event that members are gone. */
export function leaveEvent(
  happening: Happening,
  { targets, reason }: ActionOf<'ConversationRemoveMembersTag'>['action'],
): ConversationEvent {
  return conversationEvent('conversation.member-leave', happening, {
    reason,
    qualified_user_ids: targets,
    user_ids: targets.map(({ id }) => id),
  });
}

/** The time of another backend, with the three fraction digits that events have. */
export function eventTime(time: string, field = 'time'): string {
  const milliseconds = Date.parse(time);
  if (Number.isNaN(milliseconds))
    throw refuse('bad-request', { message: `${field}: found ${time}, which is on no calendar` });
  return new Date(milliseconds).toISOString();
}
