import { Type } from 'typebox';
import { ConversationMetadata, OtherMember, ProtocolInfo, RoleName } from '../conversations.ts';
import { GroupName } from '../mls-groups.ts';
import { rpc } from '../rpc.ts';
import { ConversationIdSchema, UserIdSchema } from '../schema.ts';
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
    Type.Object({ tag: Type.Literal('GetOne2OneConversationOk'), contents: RemoteConversation }),
    Type.Object({ tag: Type.Literal('GetOne2OneConversationBackendMismatch') }),
    Type.Object({ tag: Type.Literal('GetOne2OneConversationNotConnected') }),
  ]),
});
