import { Type } from 'typebox';
import { Relation } from '../client/connections.ts';
import { route } from '../route.ts';
import { Domain, QualifiedOf, UserIdSchema } from '../schema.ts';

/** Connections on the operations listener (reference client-api 2.9). */

const users = Type.Array(UserIdSchema, { maxItems: 10_000 });
const QualifiedUser = QualifiedOf(UserIdSchema);

export const listOwnDomainStatuses = route('POST', '/i/users/connections-status', {
  about: 'How users stand to users of this backend, to all of them or to the given ones.',
  auth: 'internal',
  query: { filter: Type.Optional(Relation) },
  body: Type.Object({ from: users, to: Type.Optional(users) }),
  answers: {
    200: Type.Array(Type.Object({ from: UserIdSchema, to: UserIdSchema, status: Relation })),
  },
});

export const listStatuses = route('POST', '/i/users/connections-status/v2', {
  about: 'How users stand to users of any backend, to all of them or to the given ones.',
  auth: 'internal',
  body: Type.Object({
    from: users,
    to: Type.Optional(Type.Array(QualifiedUser, { maxItems: 10_000 })),
    relation: Type.Optional(Relation),
  }),
  answers: {
    200: Type.Array(Type.Object({ from: UserIdSchema, qualified_to: QualifiedUser, status: Relation })),
  },
});

/** What operators' tools change without asking the users. */
export const ForcedChange = Type.Union([
  Type.Object({ tag: Type.Literal('BlockForMissingLHConsent'), user: UserIdSchema, others: users }),
  Type.Object({ tag: Type.Literal('RemoveLHBlocksInvolving'), user: UserIdSchema }),
  Type.Object({
    tag: Type.Literal('CreateConnectionForTest'),
    user: UserIdSchema,
    other: QualifiedUser,
  }),
]);
export type ForcedChange = Type.Static<typeof ForcedChange>;

export const forceConnections = route('PUT', '/i/connections/connection-update', {
  about: 'Suspends connections for want of legalhold consent, lifts that, or makes an accepted one.',
  auth: 'internal',
  body: ForcedChange,
  answers: { 200: null },
});

export const getContacts = route('GET', '/i/users/:uid/contacts', {
  about: 'The users of this backend whose connection to the user is accepted.',
  auth: 'internal',
  params: { uid: UserIdSchema },
  answers: { 200: Type.Object({ ids: Type.Array(UserIdSchema) }) },
});

export const getFederationStatus = route('GET', '/i/federation-status', {
  about: 'Whether the given remote backends federate with each other; the caller is told in Z-User.',
  auth: 'internal',
  body: Type.Object({ domains: Type.Array(Domain, { maxItems: 1000 }) }),
  answers: {
    200: Type.Union([
      Type.Object({ status: Type.Literal('fully-connected') }),
      Type.Object({
        status: Type.Literal('non-fully-connected'),
        not_connected: Type.Array(Domain),
      }),
    ]),
    533: Type.Object({ unreachable_backends: Type.Array(Domain) }),
  },
});
