import { Type } from 'typebox';
import {
  Access,
  AccessRole,
  Conversation,
  ConversationName,
  CreatedGroup,
  LegacyAccessRole,
  LegacyConversation,
  MessageTimer,
  QualifiedConversationId,
  ReceiptMode,
  RoleAction,
  RoleName,
} from '../conversations.ts';
import { QualifiedUserId } from '../profiles.ts';
import { route } from '../route.ts';
import { ConversationIdSchema, Domain, Nullable, TeamIdSchema, UserIdSchema } from '../schema.ts';

/** Making, reading and listing conversations (reference client-api 4.2, 4.3). */

const newConversation = {
  users: Type.Optional(Nullable(Type.Array(UserIdSchema))),
  qualified_users: Type.Optional(Nullable(Type.Array(QualifiedUserId))),
  name: Type.Optional(Nullable(ConversationName)),
  access: Type.Optional(Nullable(Type.Array(Access))),
  team: Type.Optional(
    Nullable(Type.Object({ teamid: TeamIdSchema, managed: Type.Optional(Nullable(Type.Literal(false))) })),
  ),
  message_timer: Type.Optional(Nullable(MessageTimer)),
  receipt_mode: Type.Optional(Nullable(ReceiptMode)),
  conversation_role: Type.Optional(Nullable(RoleName)),
  protocol: Type.Optional(Nullable(Type.Union([Type.Literal('proteus'), Type.Literal('mls')]))),
};

const accessRoles = Type.Optional(Nullable(Type.Array(AccessRole)));
export const NewConversation = Type.Object({ ...newConversation, access_role: accessRoles });
export type NewConversation = Type.Static<typeof NewConversation>;

/** The set counts when there is one, else the one word. */
export const LegacyNewConversation = Type.Object({
  ...newConversation,
  access_role: Type.Optional(Nullable(LegacyAccessRole)),
  access_role_v2: accessRoles,
});
export type LegacyNewConversation = Type.Static<typeof LegacyNewConversation>;

const qualified = { domain: Domain, cnv: ConversationIdSchema };

export const createConversationV2 = route('POST', '/conversations', {
  about: 'Makes a group.',
  auth: 'user',
  versions: [0, 3],
  body: LegacyNewConversation,
  answers: { 200: LegacyConversation, 201: LegacyConversation },
});

export const createConversationV3 = route('POST', '/conversations', {
  about: 'Makes a group.',
  auth: 'user',
  versions: [3, 4],
  body: NewConversation,
  answers: { 200: Conversation, 201: Conversation },
});

export const createConversation = route('POST', '/conversations', {
  about: 'Makes a group, when all backends of its members federate with one another.',
  auth: 'user',
  versions: [4],
  body: NewConversation,
  answers: { 200: CreatedGroup, 201: CreatedGroup },
});

export const createSelfConversationV2 = route('POST', '/conversations/self', {
  about: 'The conversation of the user with itself, made when there is none.',
  auth: 'user',
  versions: [0, 3],
  answers: { 200: LegacyConversation, 201: LegacyConversation },
});

export const createSelfConversation = route('POST', '/conversations/self', {
  about: 'The conversation of the user with itself, made when there is none.',
  auth: 'user',
  versions: [3],
  answers: { 200: Conversation, 201: Conversation },
});

export const createOneToOneV2 = route('POST', '/conversations/one2one', {
  about: 'Makes the one-to-one conversation with a connected user or a team mate.',
  auth: 'user',
  versions: [0, 3],
  body: LegacyNewConversation,
  answers: { 200: LegacyConversation, 201: LegacyConversation },
});

export const createOneToOneV6 = route('POST', '/conversations/one2one', {
  about: 'Makes the one-to-one conversation with a connected user or a team mate.',
  auth: 'user',
  versions: [3, 7],
  body: NewConversation,
  answers: { 200: Conversation, 201: Conversation },
});

export const createOneToOne = route('POST', '/one2one-conversations', {
  about: 'Makes the one-to-one conversation with a connected user or a team mate.',
  auth: 'user',
  versions: [7],
  body: NewConversation,
  answers: { 200: Conversation, 201: Conversation },
});

export const getOwnDomainConversation = route('GET', '/conversations/:cnv', {
  about: 'A conversation of this backend.',
  auth: 'user',
  versions: [0, 3],
  params: { cnv: ConversationIdSchema },
  answers: { 200: LegacyConversation },
});

export const getConversationV2 = route('GET', '/conversations/:domain/:cnv', {
  about: 'A conversation.',
  auth: 'user',
  versions: [0, 3],
  params: qualified,
  answers: { 200: LegacyConversation },
});

export const getConversation = route('GET', '/conversations/:domain/:cnv', {
  about: 'A conversation.',
  auth: 'user',
  versions: [3],
  params: qualified,
  answers: { 200: Conversation },
});

export const ListConversations = Type.Object({
  qualified_ids: Type.Array(QualifiedConversationId, { minItems: 1, maxItems: 1000 }),
});

function listedOf<T extends typeof Conversation | typeof LegacyConversation>(conversation: T) {
  return Type.Object({
    found: Type.Array(conversation),
    not_found: Type.Array(QualifiedConversationId),
    failed: Type.Array(QualifiedConversationId),
  });
}

export const ConversationsResponse = listedOf(Conversation);
export const LegacyConversationsResponse = listedOf(LegacyConversation);

export const listConversationsV1 = route('POST', '/conversations/list/v2', {
  about: 'Those of the conversations that the user is in, as far as their backends answer.',
  auth: 'user',
  versions: [0, 2],
  body: ListConversations,
  answers: { 200: LegacyConversationsResponse },
});

export const listConversationsV2 = route('POST', '/conversations/list', {
  about: 'Those of the conversations that the user is in, as far as their backends answer.',
  auth: 'user',
  versions: [2, 3],
  body: ListConversations,
  answers: { 200: LegacyConversationsResponse },
});

export const listConversations = route('POST', '/conversations/list', {
  about: 'Those of the conversations that the user is in, as far as their backends answer.',
  auth: 'user',
  versions: [3],
  body: ListConversations,
  answers: { 200: ConversationsResponse },
});

export const ConversationIdsPage = Type.Object({
  qualified_conversations: Type.Array(QualifiedConversationId),
  has_more: Type.Boolean(),
  paging_state: Type.String(),
});

export const ConversationIdsQuery = Type.Object({
  size: Type.Optional(Nullable(Type.Integer({ minimum: 1, maximum: 1000 }))),
  paging_state: Type.Optional(Nullable(Type.String({ maxLength: 1000 }))),
});

export const listConversationIds = route('POST', '/conversations/list-ids', {
  about: 'Pages through the ids of all conversations of the user; those of this backend come first.',
  auth: 'user',
  body: ConversationIdsQuery,
  answers: { 200: ConversationIdsPage },
});

const pageQuery = {
  start: Type.Optional(ConversationIdSchema),
  size: Type.Optional(Type.String({ pattern: '^\\d{1,4}$' })),
};

export const getConversationIds = route('GET', '/conversations/ids', {
  about: 'Ids of the conversations of this backend that the user is in.',
  auth: 'user',
  versions: [0, 3],
  query: pageQuery,
  answers: {
    200: Type.Object({ conversations: Type.Array(ConversationIdSchema), has_more: Type.Boolean() }),
  },
});

export const getConversations = route('GET', '/conversations', {
  about: 'The conversations of this backend that the user is in; `ids` are separated by commas.',
  auth: 'user',
  versions: [0, 3],
  query: { ids: Type.Optional(Type.String()), ...pageQuery },
  answers: {
    200: Type.Object({ conversations: Type.Array(LegacyConversation), has_more: Type.Boolean() }),
  },
});

export const RolesList = Type.Object({
  conversation_roles: Type.Array(
    Type.Object({ conversation_role: RoleName, actions: Type.Array(RoleAction) }),
  ),
});

export const getConversationRoles = route('GET', '/conversations/:cnv/roles', {
  about: 'The roles that members of a conversation can have.',
  auth: 'user',
  params: { cnv: ConversationIdSchema },
  answers: { 200: RolesList },
});

export const getTeamConversationRoles = route('GET', '/teams/:tid/conversations/roles', {
  about: 'The roles that members of a team’s conversations can have.',
  auth: 'user',
  params: { tid: TeamIdSchema },
  answers: { 200: RolesList },
});

const TeamConversation = Type.Object({ conversation: ConversationIdSchema, managed: Type.Boolean() });

export const getTeamConversations = route('GET', '/teams/:tid/conversations', {
  about: 'All conversations of a team.',
  auth: 'user',
  params: { tid: TeamIdSchema },
  answers: { 200: Type.Object({ conversations: Type.Array(TeamConversation) }) },
});

export const getTeamConversation = route('GET', '/teams/:tid/conversations/:cid', {
  about: 'One conversation of a team.',
  auth: 'user',
  params: { tid: TeamIdSchema, cid: ConversationIdSchema },
  answers: { 200: TeamConversation },
});

export const deleteTeamConversation = route('DELETE', '/teams/:tid/conversations/:cid', {
  about: 'Takes a conversation of a team away.',
  auth: 'user',
  params: { tid: TeamIdSchema, cid: ConversationIdSchema },
  answers: { 200: null },
});
