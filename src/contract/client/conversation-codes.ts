import { Type } from 'typebox';
import { CodeInfo, ConversationEvent } from '../events/conversation.ts';
import { route } from '../route.ts';
import { ConversationIdSchema, Nullable } from '../schema.ts';

/** Codes to join conversations with (reference client-api 4.7). */

const own = { cnv: ConversationIdSchema };
const changed = { 200: ConversationEvent, 204: null } as const;
const made = { 200: CodeInfo, 201: ConversationEvent } as const;

/** Characters of the URL-safe base64 alphabet. */
const Key = Type.String({ pattern: '^[A-Za-z0-9_-]{20}$' });
const Code = Type.String({ pattern: '^[A-Za-z0-9_-]{6,20}$' });
const Password = Type.String({ minLength: 8, maxLength: 1024 });

export const createCodeV3 = route('POST', '/conversations/:cnv/code', {
  about: 'Makes a code with which users of this backend join the conversation.',
  auth: 'user',
  versions: [0, 4],
  params: own,
  answers: made,
});

export const createCode = route('POST', '/conversations/:cnv/code', {
  about: 'Makes a code with which users of this backend join the conversation.',
  auth: 'user',
  versions: [4],
  params: own,
  body: Type.Optional(Type.Object({ password: Type.Optional(Nullable(Password)) })),
  answers: made,
});

export const getCode = route('GET', '/conversations/:cnv/code', {
  about: 'The code of a conversation.',
  auth: 'user',
  params: own,
  answers: { 200: CodeInfo },
});

export const deleteCode = route('DELETE', '/conversations/:cnv/code', {
  about: 'Takes the code of a conversation away.',
  auth: 'user',
  params: own,
  answers: { 200: ConversationEvent },
});

export const checkCode = route('POST', '/conversations/code-check', {
  about: 'Says whether a code opens a conversation.',
  auth: 'anyone',
  body: Type.Object({ key: Key, code: Code }),
  answers: { 200: null },
});

export const CoverView = Type.Object({
  id: ConversationIdSchema,
  name: Nullable(Type.String()),
  has_password: Type.Boolean(),
});

export const getCoverView = route('GET', '/conversations/join', {
  about: 'What is behind a code.',
  auth: 'user',
  query: { key: Key, code: Code },
  answers: { 200: CoverView },
});

export const joinByCode = route('POST', '/conversations/join', {
  about: 'Joins the conversation that a code opens.',
  auth: 'user',
  body: Type.Object({ key: Key, code: Code, password: Type.Optional(Nullable(Password)) }),
  answers: changed,
});

export const joinById = route('POST', '/conversations/:cnv/join', {
  about: 'Joins a conversation that is open to whoever knows its id.',
  auth: 'user',
  versions: [0, 5],
  params: own,
  answers: changed,
});

export const getGuestLinksStatus = route('GET', '/conversations/:cnv/features/conversationGuestLinks', {
  about: 'Whether the conversation may be joined by code.',
  auth: 'user',
  params: own,
  answers: {
    200: Type.Object({
      status: Type.Union([Type.Literal('enabled'), Type.Literal('disabled')]),
      lockStatus: Type.Union([Type.Literal('locked'), Type.Literal('unlocked')]),
      ttl: Type.Literal('unlimited'),
    }),
  },
});
