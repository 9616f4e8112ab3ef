import { Type } from 'typebox';
import { type MlsGroup, subconversationIdPattern } from './mls-group-id.ts';
import { ConversationIdSchema } from './schema.ts';

/** Shapes of MLS groups that client API and federation API share (reference client-api 8.8, federation-api 8.1). */

const SubconversationId = Type.String({
  pattern: subconversationIdPattern,
  description: '1 to 255 printable ASCII characters without space',
});

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
