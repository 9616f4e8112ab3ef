import { Type } from 'typebox';
import { QualifiedConversationId } from './conversations.ts';
import { type MlsGroup, subconversationIdPattern } from './mls-group-id.ts';
import { ClientIdSchema, ConversationIdSchema, Domain, UserIdSchema } from './schema.ts';

/** Shapes of MLS groups that client API and federation API share (reference client-api 8.8, federation-api 8.1). */

export const SubconversationId = Type.String({
  pattern: subconversationIdPattern,
  description: '1 to 255 printable ASCII characters without space',
});

/** A client in a group. */
export const ClientIdentity = Type.Object({
  domain: Domain,
  user_id: UserIdSchema,
  client_id: ClientIdSchema,
});

/** A subconversation with those who are in it and are to stay. Time and suite are there from the first commit on. */
export const Subconversation = Type.Object({
  parent_qualified_id: QualifiedConversationId,
  subconv_id: SubconversationId,
  group_id: Type.String(),
  epoch: Type.Integer({ minimum: 0 }),
  epoch_timestamp: Type.Optional(Type.String()),
  cipher_suite: Type.Optional(Type.Integer({ minimum: 0 })),
  members: Type.Array(ClientIdentity),
});
export type Subconversation = Type.Static<typeof Subconversation>;

/** A conversation's own group or that of a subconversation, as backends name it. */
export const GroupName = Type.Union([
  Type.Object({ tag: Type.Literal('conv'), value: Type.Object({ conv_id: ConversationIdSchema }) }),
  Type.Object({
    tag: Type.Literal('subconv'),
    value: Type.Object({ conv_id: ConversationIdSchema, subconv_id: SubconversationId }),
  }),
]);
export type GroupName = Type.Static<typeof GroupName>;

/** How backends name the group that a group id is of. */
export function groupNameOf({
  conversation,
  subconversation,
}: Pick<MlsGroup, 'conversation' | 'subconversation'>): GroupName {
  return subconversation === undefined
    ? { tag: 'conv', value: { conv_id: conversation.id } }
    : { tag: 'subconv', value: { conv_id: conversation.id, subconv_id: subconversation.id } };
}
