import { Type } from 'typebox';
import { BaseProtocol, QualifiedUserId, UserProfile } from '../profiles.ts';
import { route } from '../route.ts';
import { Domain, HandleSchema, UserIdSchema } from '../schema.ts';

/** Profiles of other users (reference client-api 3.2). */

const QualifiedHandle = Type.Object({ domain: Domain, handle: HandleSchema });

/** Exactly one of the two; the handler refuses both and neither. */
const ListUsersQuery = Type.Object({
  qualified_ids: Type.Optional(Type.Array(QualifiedUserId)),
  qualified_handles: Type.Optional(Type.Array(QualifiedHandle, { minItems: 1, maxItems: 4 })),
});

/** Who was found, and of whom nothing can be said because their backend failed; absent when there is nobody. */
export const ListUsersById = Type.Object({
  found: Type.Array(UserProfile),
  failed: Type.Optional(Type.Array(QualifiedUserId, { minItems: 1 })),
});

export const getUser = route('GET', '/users/:domain/:uid', {
  about: 'The profile of a user.',
  auth: 'user',
  params: { domain: Domain, uid: UserIdSchema },
  answers: { 200: UserProfile },
});

export const getOwnDomainUser = route('GET', '/users/:uid', {
  about: 'The profile of a user of this backend.',
  auth: 'user',
  versions: [0, 2],
  params: { uid: UserIdSchema },
  answers: { 200: UserProfile },
});

export const getUserSupportedProtocols = route('GET', '/users/:domain/:uid/supported-protocols', {
  about: 'Which message protocols the clients of a user speak.',
  auth: 'user',
  versions: [5],
  params: { domain: Domain, uid: UserIdSchema },
  answers: { 200: Type.Array(BaseProtocol) },
});

export const getUserWithHandle = route('GET', '/users/by-handle/:domain/:handle', {
  about: 'The profile of the user with a handle.',
  auth: 'user',
  versions: [0, 2],
  params: { domain: Domain, handle: HandleSchema },
  answers: { 200: UserProfile },
});

export const getHandleOwner = route('GET', '/users/handles/:handle', {
  about: 'The id of the user of this backend with a handle.',
  auth: 'user',
  versions: [0, 2],
  params: { handle: HandleSchema },
  answers: { 200: Type.Object({ qualified_user: QualifiedUserId, user: UserIdSchema }) },
});

export const getUsers = route('GET', '/users', {
  about: 'Profiles of users of this backend, by ids or by at most four handles, separated by commas.',
  auth: 'user',
  versions: [0, 2],
  query: { ids: Type.Optional(Type.String()), handles: Type.Optional(Type.String()) },
  answers: { 200: Type.Array(UserProfile) },
});

export const listUsersOrFail = route('POST', '/list-users', {
  about: 'Profiles of users of any backend; fails as a whole when one of the backends does.',
  auth: 'user',
  versions: [0, 4],
  body: ListUsersQuery,
  answers: { 200: Type.Array(UserProfile) },
});

export const listUsers = route('POST', '/list-users', {
  about: 'Profiles of users of any backend, as far as their backends answer.',
  auth: 'user',
  versions: [4],
  body: ListUsersQuery,
  answers: { 200: ListUsersById },
});
