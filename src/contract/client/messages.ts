import { Type } from 'typebox';
import { MessageSendingStatus, Priority, UserClients } from '../messages.ts';
import { type Answers, route } from '../route.ts';
import {
  ClientIdSchema,
  ConversationIdSchema,
  Domain,
  MapOf,
  RawBodyOf,
  UserIdSchema,
  UtcMillis,
} from '../schema.ts';

/** Proteus messages (reference client-api 5). */

export const protobufType = 'application/x-protobuf';
const jsonType = 'application/json';

/** `QualifiedNewOtrMessage`, see `#contract/protobuf/otr.ts`. */
const QualifiedMessage = RawBodyOf(protobufType);
/** `NewOtrMessage` in either form. */
export const LegacyMessage = RawBodyOf(protobufType, jsonType);

/** The legacy form in JSON. */
export const NewOtrMessage = Type.Object({
  sender: ClientIdSchema,
  recipients: MapOf(UserIdSchema, MapOf(ClientIdSchema, Type.String())),
  native_push: Type.Optional(Type.Boolean()),
  transient: Type.Optional(Type.Boolean()),
  native_priority: Type.Optional(Type.Union([Priority, Type.Null()])),
  data: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  report_missing: Type.Optional(Type.Union([Type.Array(UserIdSchema), Type.Null()])),
});
export type NewOtrMessage = Type.Static<typeof NewOtrMessage>;

/** What has become of a message of the legacy form: its part of the own backend. */
export const ClientMismatch = Type.Object({
  time: UtcMillis,
  missing: UserClients,
  redundant: UserClients,
  deleted: UserClients,
});
export type ClientMismatch = Type.Static<typeof ClientMismatch>;

const status = { 201: MessageSendingStatus, 412: MessageSendingStatus } as const satisfies Answers;
export const mismatch = { 201: ClientMismatch, 412: ClientMismatch } as const satisfies Answers;

/** `true`, `false` or user ids with commas between; read by `#galley`. */
export const legacyQuery = {
  ignore_missing: Type.Optional(Type.String()),
  report_missing: Type.Optional(Type.String()),
};

export const sendQualifiedMessage = route('POST', '/conversations/:domain/:cnv/proteus/messages', {
  about: 'Sends an encrypted message to the clients of a conversation, on whatever backends they are.',
  auth: 'user',
  params: { domain: Domain, cnv: ConversationIdSchema },
  body: QualifiedMessage,
  answers: status,
});

export const sendLegacyMessage = route('POST', '/conversations/:cnv/otr/messages', {
  about: 'Sends an encrypted message to the clients of this backend in a conversation.',
  auth: 'user',
  params: { cnv: ConversationIdSchema },
  query: legacyQuery,
  body: LegacyMessage,
  answers: mismatch,
});

export const broadcastQualifiedMessage = route('POST', '/broadcast/proteus/messages', {
  about: 'Sends an encrypted message to the own team and contacts.',
  auth: 'user',
  body: QualifiedMessage,
  answers: status,
});

export const broadcastLegacyMessage = route('POST', '/broadcast/otr/messages', {
  about: 'Sends an encrypted message to the own team and contacts, in the legacy form.',
  auth: 'user',
  query: legacyQuery,
  body: LegacyMessage,
  answers: mismatch,
});
