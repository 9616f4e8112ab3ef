import { Type } from 'typebox';
import { Conversation } from '../conversations.ts';
import { MlsPublicKeysByPurpose, MlsWebKeysByPurpose, PublicKeyFormat } from '../mls-public-keys.ts';
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

const oneToOne = {
  about:
    'The MLS one-to-one conversation with a connected user or a team mate; stored with its first commit.',
  auth: 'user',
  params: { domain: Domain, uid: UserIdSchema },
} as const;

export const getMlsOneToOneV5 = route('GET', '/conversations/one2one/:domain/:uid', {
  ...oneToOne,
  versions: [5, 6],
  answers: { 200: Conversation },
});

/**
 * With the removal keys of the owner, which may be another backend: whoever begins the group puts the one of its suite
 * into it. The reference's version 6 was unfinished and answered the bare conversation; released servers do so up to 5.
 */
export const getMlsOneToOneV6 = route('GET', '/conversations/one2one/:domain/:uid', {
  ...oneToOne,
  versions: [6, 7],
  answers: { 200: Type.Object({ conversation: Conversation, public_keys: MlsPublicKeysByPurpose }) },
});

export const getMlsOneToOne = route('GET', '/one2one-conversations/:domain/:uid', {
  ...oneToOne,
  versions: [7],
  query: { format: PublicKeyFormat },
  answers: {
    200: Type.Object({
      conversation: Conversation,
      public_keys: Type.Union([MlsPublicKeysByPurpose, MlsWebKeysByPurpose]),
    }),
  },
});

export const getGroupInfo = route('GET', '/conversations/:domain/:cnv/groupinfo', {
  about: 'What a client needs to join the MLS group of a conversation by itself.',
  auth: 'user',
  versions: mlsVersions,
  params: qualified,
  answers: { 200: StreamedBytes },
});
