import { Type } from 'typebox';
import { ConversationEvent } from '../events/conversation.ts';
import { route } from '../route.ts';
import { RawBodyOf, UtcMillis } from '../schema.ts';
import { mlsContentType } from './mls-conversations.ts';
import { mlsVersions } from './mls-keys.ts';

/** What MLS clients send to their groups (reference client-api 8.4, 8.5). */

/** What has happened: the events that the sender would have got. */
export const MlsSendingStatus = Type.Object({
  time: UtcMillis,
  events: Type.Array(ConversationEvent),
});

export const sendMlsMessage = route('POST', '/mls/messages', {
  about: 'Sends an encrypted application message, or a proposal, to the clients of a group.',
  auth: 'user',
  versions: mlsVersions,
  body: RawBodyOf(mlsContentType),
  answers: { 201: MlsSendingStatus },
});

export const sendMlsCommitBundle = route('POST', '/mls/commit-bundles', {
  about: 'Ends an epoch of a group: a commit with the new group info, and a welcome for those it adds.',
  auth: 'user',
  versions: mlsVersions,
  body: RawBodyOf(mlsContentType),
  answers: { 201: MlsSendingStatus },
});
