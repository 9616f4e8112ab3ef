import { Type } from 'typebox';
import { ConversationMetadata, OtherMember, ProtocolInfo, RoleName } from '../conversations.ts';
import { GroupName, Subconversation, SubconversationId } from '../mls-groups.ts';
import { MlsPublicKeysByPurpose } from '../mls-public-keys.ts';
import { rpc } from '../rpc.ts';
import { ClientIdSchema, ConversationIdSchema, UserIdSchema } from '../schema.ts';
import { GalleyError } from './galley-errors.ts';

/** The RPCs of galley about MLS conversations, beside those that carry messages (reference federation-api 5.4). */

export const queryGroupInfo = rpc('galley', 'query-group-info', {
  about: 'Asks the owner what a client needs to join a group by itself.',
  input: Type.Object({ conv: GroupName, sender: UserIdSchema }),
  output: Type.Union([
    /** The bare GroupInfo in base64. */
    Type.Object({ tag: Type.Literal('GetGroupInfoResponseState'), contents: Type.String() }),
    Type.Object({ tag: Type.Literal('GetGroupInfoResponseError'), contents: GalleyError }),
  ]),
});

export const RemoteConversation = Type.Object({
  id: ConversationIdSchema,
  metadata: ConversationMetadata,
  members: Type.Object({ self_role: RoleName, others: Type.Array(OtherMember) }),
  /** Proteus when missing. */
  protocol: Type.Optional(ProtocolInfo),
});
export type RemoteConversation = Type.Static<typeof RemoteConversation>;

export const getOneToOneConversation = rpc('galley', 'get-one2one-conversation', {
  about: 'Asks the owner for the MLS one-to-one conversation of two users.',
  input: Type.Object({ gooc_sender_user: UserIdSchema, gooc_receiver_user: UserIdSchema }),
  output: Type.Union([
    Type.Object({
      tag: Type.Literal('GetOne2OneConversationOk'),
      contents: RemoteConversation,
      /** The owner's. A wire-server tells them from version 2 on, in an answer of another form; in this one it has none. */
      public_keys: Type.Optional(MlsPublicKeysByPurpose),
    }),
    Type.Object({ tag: Type.Literal('GetOne2OneConversationBackendMismatch') }),
    Type.Object({ tag: Type.Literal('GetOne2OneConversationNotConnected') }),
  ]),
});

/** A federation API version that has subconversations. */
const since = 1;

export const getSubconversation = rpc('galley', 'get-sub-conversation', {
  about: 'Asks the owner for a subconversation, also for one that nobody has joined yet.',
  since,
  input: Type.Object({
    gsreq_user: UserIdSchema,
    gsreq_conv: ConversationIdSchema,
    gsreq_sub_conv: SubconversationId,
  }),
  output: Type.Union([
    Type.Object({ tag: Type.Literal('GetSubConversationsResponseSuccess'), contents: Subconversation }),
    Type.Object({ tag: Type.Literal('GetSubConversationsResponseError'), contents: GalleyError }),
  ]),
});

export const deleteSubconversation = rpc('galley', 'delete-sub-conversation', {
  about: 'Asks the owner to begin the group of a subconversation again, without anybody in it.',
  since,
  input: Type.Object({
    dscreq_user: UserIdSchema,
    dscreq_conv: ConversationIdSchema,
    dscreq_sub_conv: SubconversationId,
    /** The present one in base64. */
    dscreq_group_id: Type.String(),
    /** The present one. */
    dscreq_epoch: Type.Integer({ minimum: 0 }),
  }),
  output: Type.Union([
    Type.Object({ tag: Type.Literal('DeleteSubConversationResponseSuccess') }),
    Type.Object({ tag: Type.Literal('DeleteSubConversationResponseError'), contents: GalleyError }),
  ]),
});

export const leaveSubconversation = rpc('galley', 'leave-sub-conversation', {
  about: 'Asks the owner to have a client taken out of a subconversation.',
  since,
  input: Type.Object({
    lscr_user: UserIdSchema,
    lscr_client: ClientIdSchema,
    lscr_conv: ConversationIdSchema,
    lscr_sub_conv: SubconversationId,
  }),
  output: Type.Union([
    Type.Object({ tag: Type.Literal('LeaveSubConversationResponseOk') }),
    Type.Object({ tag: Type.Literal('LeaveSubConversationResponseError'), contents: GalleyError }),
    /** What is wrong: the client is not in it. */
    Type.Object({
      tag: Type.Literal('LeaveSubConversationResponseProtocolError'),
      contents: Type.String(),
    }),
  ]),
});
