import { Type } from 'typebox';
import { Subconversation, SubconversationId } from '../mls-groups.ts';
import { route } from '../route.ts';
import { ConversationIdSchema, Domain, StreamedBytes } from '../schema.ts';
import { mlsVersions } from './mls-keys.ts';

/** Subconversations: groups of their own within an MLS conversation, for calls (reference client-api 8.8). */

const common = {
  auth: 'user',
  versions: mlsVersions,
  params: { domain: Domain, cnv: ConversationIdSchema, sub: SubconversationId },
} as const;
const path = '/conversations/:domain/:cnv/subconversations/:sub';

export const getSubconversation = route('GET', path, {
  ...common,
  about: 'A subconversation with the clients in it; one that nobody has joined is at epoch 0.',
  answers: { 200: Subconversation },
});

export const deleteSubconversation = route('DELETE', path, {
  ...common,
  about: 'Begins the group of a subconversation again, without anybody in it.',
  body: Type.Object({
    /** The present one in base64. */
    group_id: Type.String(),
    /** The present one. */
    epoch: Type.Integer({ minimum: 0 }),
  }),
  answers: { 200: null },
});

export const leaveSubconversation = route('DELETE', `${path}/self`, {
  ...common,
  about: 'Has the calling client taken out of a subconversation.',
  answers: { 200: null },
});

export const getSubconversationGroupInfo = route('GET', `${path}/groupinfo`, {
  ...common,
  about: 'What a client needs to join a subconversation by itself.',
  answers: { 200: StreamedBytes },
});
