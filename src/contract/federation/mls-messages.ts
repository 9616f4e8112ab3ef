import { Type } from 'typebox';
import { QualifiedConversationId } from '../conversations.ts';
import { Priority } from '../messages.ts';
import { GroupName } from '../mls-groups.ts';
import { QualifiedUserId } from '../profiles.ts';
import { rpc } from '../rpc.ts';
import {
  ClientIdSchema,
  ConversationIdSchema,
  Domain,
  Empty,
  MapOf,
  Nullable,
  UserIdSchema,
} from '../schema.ts';
import { ConversationUpdate } from './conversation-updates.ts';
import { GalleyError } from './galley-errors.ts';
import { Base64, UtcTime } from './scalars.ts';

/** The RPCs of galley that carry MLS messages (reference federation-api 5.4.6 to 5.4.8, 5.4.18). */

const MlsRequest = Type.Object({
  /** Of the callee. */
  conv_or_sub_id: GroupName,
  /** Of the origin domain. */
  sender: UserIdSchema,
  sender_client: ClientIdSchema,
  /** What the client has sent, byte for byte, in base64. */
  raw_message: Base64,
});

export const MlsResponse = Type.Union([
  /** What the caller applies to its own state. */
  Type.Object({
    tag: Type.Literal('MLSMessageResponseUpdates'),
    contents: Type.Array(ConversationUpdate),
  }),
  Type.Object({ tag: Type.Literal('MLSMessageResponseError'), contents: GalleyError }),
  /** What is wrong with the MLS data. */
  Type.Object({ tag: Type.Literal('MLSMessageResponseProtocolError'), contents: Type.String() }),
  /** An error body for the client and its status: members could not be added or removed. */
  Type.Object({
    tag: Type.Literal('MLSMessageResponseProposalFailure'),
    contents: Type.Object({
      status: Type.Integer({ minimum: 400, maximum: 599 }),
      value: Type.Record(Type.String(), Type.Unknown()),
    }),
  }),
  Type.Object({
    tag: Type.Literal('MLSMessageResponseUnreachableBackends'),
    contents: Type.Array(Domain),
  }),
  Type.Object({
    tag: Type.Literal('MLSMessageResponseNonFederatingBackends'),
    contents: Type.Object({ non_federating_backends: Type.Array(Domain) }),
  }),
]);
export type MlsResponse = Type.Static<typeof MlsResponse>;

export const sendMlsMessage = rpc('galley', 'send-mls-message', {
  about: 'Asks the owner of a group to send an application message or a proposal for a client.',
  input: MlsRequest,
  output: MlsResponse,
});

export const sendMlsCommitBundle = rpc('galley', 'send-mls-commit-bundle', {
  about: 'Asks the owner of a group to take a commit of a client.',
  input: MlsRequest,
  output: MlsResponse,
});

export const mlsWelcome = rpc('galley', 'mls-welcome', {
  about: 'Hands the welcome of a commit to the clients that it has added.',
  delivery: 'queued',
  input: Type.Object({
    /** Taken to be of the origin domain. */
    originating_user: UserIdSchema,
    /** An MLSMessage in base64. */
    welcome_message: Base64,
    /** Clients of the callee. */
    recipients: Type.Array(Type.Tuple([UserIdSchema, ClientIdSchema])),
    /** The conversation itself, also for a subconversation. */
    qualified_conv_id: QualifiedConversationId,
  }),
  output: Type.Union([Type.Literal('MLSWelcomeSent'), Type.Literal('MLSWelcomeMLSNotEnabled')]),
});

export const onMlsMessageSent = rpc('galley', 'on-mls-message-sent', {
  about: 'Tells a backend that its users have got an MLS message.',
  delivery: 'queued',
  input: Type.Object({
    time: UtcTime,
    /** Of any domain. */
    sender: QualifiedUserId,
    metadata: Type.Object({
      native_push: Type.Optional(Type.Boolean()),
      transient: Type.Optional(Type.Boolean()),
      native_priority: Type.Optional(Nullable(Priority)),
      data: Type.Optional(Nullable(Type.String())),
    }),
    /** Of the origin domain. */
    conversation: ConversationIdSchema,
    sub_conversation: Type.Optional(Nullable(Type.String())),
    recipients: MapOf(UserIdSchema, Type.Array(ClientIdSchema)),
    /** An MLSMessage in base64. */
    message: Base64,
  }),
  output: Empty,
});
