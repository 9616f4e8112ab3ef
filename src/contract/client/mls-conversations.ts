import { Conversation } from '../conversations.ts';
import { route } from '../route.ts';
import { ConversationIdSchema, Domain, StreamedBytes, UserIdSchema } from '../schema.ts';
import { mlsVersions } from './mls-keys.ts';

/** Conversations whose messages MLS encrypts (reference client-api 4.2, 8.8). */

const qualified = { domain: Domain, cnv: ConversationIdSchema };

/** Content type of everything that MLS defines (RFC 9420 section 17.11). */
export const mlsContentType = 'message/mls';

export const getMlsSelfConversation = route('GET', '/conversations/mls-self', {
  about: 'The MLS conversation of the user with itself, made when there is none.',
  auth: 'user',
  versions: mlsVersions,
  answers: { 200: Conversation },
});

export const getMlsOneToOne = route('GET', '/conversations/one2one/:domain/:uid', {
  about:
    'The MLS one-to-one conversation with a connected user or a team mate; stored with its first commit.',
  auth: 'user',
  versions: mlsVersions,
  params: { domain: Domain, uid: UserIdSchema },
  answers: { 200: Conversation },
});

export const getGroupInfo = route('GET', '/conversations/:domain/:cnv/groupinfo', {
  about: 'What a client needs to join the MLS group of a conversation by itself.',
  auth: 'user',
  versions: mlsVersions,
  params: qualified,
  answers: { 200: StreamedBytes },
});
