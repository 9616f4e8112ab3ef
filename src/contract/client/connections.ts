import { Type } from 'typebox';
import { route } from '../route.ts';
import { ConversationIdSchema, Domain, QualifiedOf, UserIdSchema, UtcMillis } from '../schema.ts';

/** Connections between users (reference client-api 3.4). */

/** How one side of a connection stands: `pending` means that the other side has asked. */
export const Relation = Type.Union([
  Type.Literal('accepted'),
  Type.Literal('blocked'),
  Type.Literal('pending'),
  Type.Literal('ignored'),
  Type.Literal('sent'),
  Type.Literal('cancelled'),
  Type.Literal('missing-legalhold-consent'),
]);
export type Relation = Type.Static<typeof Relation>;

/** One side's view of a connection. */
export const UserConnection = Type.Object({
  from: UserIdSchema,
  qualified_to: QualifiedOf(UserIdSchema),
  to: Type.Optional(UserIdSchema),
  status: Relation,
  last_update: UtcMillis,
  qualified_conversation: Type.Optional(QualifiedOf(ConversationIdSchema)),
  conversation: Type.Optional(ConversationIdSchema),
});
export type UserConnection = Type.Static<typeof UserConnection>;

export const ConnectionUpdate = Type.Object({ status: Relation });

const other = { domain: Domain, uid: UserIdSchema };
const ownOther = { uid: UserIdSchema };

export const createConnection = route('POST', '/connections/:domain/:uid', {
  about: 'Asks a user for a connection, or accepts what the user has asked.',
  auth: 'user',
  params: other,
  answers: { 200: UserConnection, 201: UserConnection },
});

export const updateConnection = route('PUT', '/connections/:domain/:uid', {
  about: 'Accepts, ignores, blocks, unblocks or cancels a connection.',
  auth: 'user',
  params: other,
  body: ConnectionUpdate,
  answers: { 200: UserConnection, 204: null },
});

export const getConnection = route('GET', '/connections/:domain/:uid', {
  about: 'The connection to a user; the 404 of a missing one has no body.',
  auth: 'user',
  params: other,
  answers: { 200: UserConnection, 404: null },
});

export const ConnectionRequest = Type.Object({
  user: UserIdSchema,
  /** Once the name of the conversation; nobody reads it any more. */
  name: Type.String({ minLength: 1, maxLength: 512, description: '1 to 256 characters' }),
});

export const createOwnDomainConnection = route('POST', '/connections', {
  about: 'Asks a user of this backend for a connection.',
  auth: 'user',
  versions: [0, 2],
  body: ConnectionRequest,
  answers: { 200: UserConnection, 201: UserConnection },
});

export const updateOwnDomainConnection = route('PUT', '/connections/:uid', {
  about: 'As with a domain, for a user of this backend.',
  auth: 'user',
  versions: [0, 2],
  params: ownOther,
  body: ConnectionUpdate,
  answers: { 200: UserConnection, 204: null },
});

export const getOwnDomainConnection = route('GET', '/connections/:uid', {
  about: 'The connection to a user of this backend; the 404 of a missing one has no body.',
  auth: 'user',
  versions: [0, 2],
  params: ownOther,
  answers: { 200: UserConnection, 404: null },
});

/** Most connections in one answer, and how many when the caller does not say. */
export const connectionPages = { most: 500, usual: 100 } as const;

export const listOwnDomainConnections = route('GET', '/connections', {
  about: 'The connections to users of this backend.',
  auth: 'user',
  versions: [0, 2],
  query: {
    start: Type.Optional(UserIdSchema),
    size: Type.Optional(Type.String({ pattern: '^([1-9]\\d?|[1-4]\\d\\d|500)$', description: '1 to 500' })),
  },
  answers: { 200: Type.Object({ connections: Type.Array(UserConnection), has_more: Type.Boolean() }) },
});

export const listConnections = route('POST', '/list-connections', {
  about: 'All connections, those to users of this backend first.',
  auth: 'user',
  body: Type.Object({
    size: Type.Optional(Type.Integer({ minimum: 1, maximum: connectionPages.most })),
    paging_state: Type.Optional(Type.Union([Type.String({ maxLength: 1024 }), Type.Null()])),
  }),
  answers: {
    200: Type.Object({
      connections: Type.Array(UserConnection),
      has_more: Type.Boolean(),
      paging_state: Type.String(),
    }),
  },
});
