import { Type } from 'typebox';
import {
  Access,
  AccessRole,
  ConversationName,
  LegacyAccessRole,
  MessageTimer,
  ProtocolName,
  ReceiptMode,
} from '../conversations.ts';
import { ConversationEvent } from '../events/conversation.ts';
import { route } from '../route.ts';
import { ConversationIdSchema, Domain, Nullable } from '../schema.ts';
import { mlsVersions } from './mls-keys.ts';

/** Properties of conversations (reference client-api 4.6). */

const own = { cnv: ConversationIdSchema };
const qualified = { domain: Domain, cnv: ConversationIdSchema };
/** Versions with paths that name no domain. */
const unqualified = [0, 8] as const;
const changed = { 200: ConversationEvent, 204: null } as const;

const Rename = Type.Object({ name: ConversationName });

export const renameOwnDomainV1 = route('PUT', '/conversations/:cnv', {
  about: 'Gives a conversation of this backend a name.',
  auth: 'user',
  versions: unqualified,
  params: own,
  body: Rename,
  answers: changed,
});

export const renameOwnDomain = route('PUT', '/conversations/:cnv/name', {
  about: 'Gives a conversation of this backend a name.',
  auth: 'user',
  versions: unqualified,
  params: own,
  body: Rename,
  answers: changed,
});

export const rename = route('PUT', '/conversations/:domain/:cnv/name', {
  about: 'Gives a conversation a name.',
  auth: 'user',
  params: qualified,
  body: Rename,
  answers: changed,
});

const MessageTimerUpdate = Type.Object({ message_timer: Type.Optional(Nullable(MessageTimer)) });

export const setOwnDomainMessageTimer = route('PUT', '/conversations/:cnv/message-timer', {
  about: 'Sets after how many milliseconds messages disappear.',
  auth: 'user',
  versions: unqualified,
  params: own,
  body: MessageTimerUpdate,
  answers: changed,
});

export const setMessageTimer = route('PUT', '/conversations/:domain/:cnv/message-timer', {
  about: 'Sets after how many milliseconds messages disappear.',
  auth: 'user',
  params: qualified,
  body: MessageTimerUpdate,
  answers: changed,
});

const ReceiptModeUpdate = Type.Object({ receipt_mode: ReceiptMode });

export const setOwnDomainReceiptMode = route('PUT', '/conversations/:cnv/receipt-mode', {
  about: 'Sets whether read receipts are wanted.',
  auth: 'user',
  versions: unqualified,
  params: own,
  body: ReceiptModeUpdate,
  answers: changed,
});

export const setReceiptMode = route('PUT', '/conversations/:domain/:cnv/receipt-mode', {
  about: 'Sets whether read receipts are wanted.',
  auth: 'user',
  params: qualified,
  body: ReceiptModeUpdate,
  answers: changed,
});

export const setProtocol = route('PUT', '/conversations/:domain/:cnv/protocol', {
  about: 'Goes on with the migration of a team conversation from Proteus to MLS.',
  auth: 'user',
  versions: mlsVersions,
  params: qualified,
  body: Type.Object({ protocol: ProtocolName }),
  answers: changed,
});

const LegacyAccessData = Type.Object({
  access: Type.Array(Access),
  access_role: Type.Optional(Nullable(LegacyAccessRole)),
  access_role_v2: Type.Optional(Nullable(Type.Array(AccessRole))),
});

export const setOwnDomainAccess = route('PUT', '/conversations/:cnv/access', {
  about: 'Sets who may come into a conversation of this backend.',
  auth: 'user',
  versions: [0, 3],
  params: own,
  body: LegacyAccessData,
  answers: changed,
});

export const setAccessV2 = route('PUT', '/conversations/:domain/:cnv/access', {
  about: 'Sets who may come into a conversation.',
  auth: 'user',
  versions: [0, 3],
  params: qualified,
  body: LegacyAccessData,
  answers: changed,
});

export const setAccess = route('PUT', '/conversations/:domain/:cnv/access', {
  about: 'Sets who may come into a conversation.',
  auth: 'user',
  versions: [3],
  params: qualified,
  body: Type.Object({ access: Type.Array(Access), access_role: Type.Array(AccessRole) }),
  answers: changed,
});
