import { Type } from 'typebox';
import { QualifiedUserId } from '../profiles.ts';
import { olderInput } from '../rpc.ts';
import { ConversationIdSchema, UserIdSchema } from '../schema.ts';
import { ConversationAction } from './conversation-actions.ts';
import { UtcTime } from './scalars.ts';

/** What an owner says that has changed in its conversation (reference federation-api 5.4.20). */
export const ConversationUpdate = Type.Object({
  time: UtcTime,
  /** Who acted: of any domain. */
  origUserId: QualifiedUserId,
  /** Of the origin domain. */
  convId: ConversationIdSchema,
  /** Members on the callee's backend before the action. */
  alreadyPresentUsers: Type.Array(UserIdSchema),
  action: ConversationAction,
});
export type ConversationUpdate = Type.Static<typeof ConversationUpdate>;

const ConversationUpdateV0 = Type.Object({
  cuTime: UtcTime,
  cuOrigUserId: QualifiedUserId,
  cuConvId: ConversationIdSchema,
  cuAlreadyPresentUsers: Type.Array(UserIdSchema),
  cuAction: ConversationAction,
});

/** Its form below version 1. */
export const olderConversationUpdate = olderInput(1, ConversationUpdateV0, {
  read: (older): ConversationUpdate => ({
    time: older.cuTime,
    origUserId: older.cuOrigUserId,
    convId: older.cuConvId,
    alreadyPresentUsers: older.cuAlreadyPresentUsers,
    action: older.cuAction,
  }),
  write: (current: ConversationUpdate) => ({
    cuTime: current.time,
    cuOrigUserId: current.origUserId,
    cuConvId: current.convId,
    cuAlreadyPresentUsers: current.alreadyPresentUsers,
    cuAction: current.action,
  }),
});
