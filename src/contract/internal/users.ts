import { Type } from 'typebox';
import { VerificationAction } from '../client/login.ts';
import { NewUser, UserName } from '../client/registration.ts';
import { HandleUpdate } from '../client/self.ts';
import { SelfProfile } from '../profiles.ts';
import { route } from '../route.ts';
import { Nullable, UserIdSchema } from '../schema.ts';

/** Accounts on the operations listener (reference client-api 2.9). Nothing here asks for credentials. */

/** Account states as wire-server names them. */
export const AccountStatus = Type.Union([
  Type.Literal('active'),
  Type.Literal('suspended'),
  Type.Literal('deleted'),
  Type.Literal('ephemeral'),
  Type.Literal('pending-invitation'),
]);
export type AccountStatus = Type.Static<typeof AccountStatus>;

export const Account = Type.Evaluate(Type.Intersect([SelfProfile, Type.Object({ status: AccountStatus })]));
export type Account = Type.Static<typeof Account>;

const Code = Type.Object({ key: Type.String(), code: Type.String() });
const list = Type.Optional(Type.String({ maxLength: 100_000, description: 'values, separated by commas' }));

export const createUser = route('POST', '/i/users', {
  about: 'Makes a user whose e-mail counts as activated at once.',
  auth: 'internal',
  body: NewUser,
  answers: { 201: SelfProfile },
});

export const getUsers = route('GET', '/i/users', {
  about: 'Finds accounts by ids, handles or e-mail addresses.',
  auth: 'internal',
  query: { ids: list, handles: list, email: list },
  answers: { 200: Type.Array(Account) },
});

export const getUser = route('GET', '/i/users/:uid', {
  about: 'One account.',
  auth: 'internal',
  params: { uid: UserIdSchema },
  answers: { 200: Account },
});

export const getActivationCode = route('GET', '/i/users/activation-code', {
  about: 'The pending activation code of an e-mail address.',
  auth: 'internal',
  query: { email: Type.Optional(Type.String()), phone: Type.Optional(Type.String()) },
  answers: { 200: Code },
});

export const getPasswordResetCode = route('GET', '/i/users/password-reset-code', {
  about: 'The pending password reset code of an e-mail address.',
  auth: 'internal',
  query: { email: Type.Optional(Type.String()), phone: Type.Optional(Type.String()) },
  answers: { 200: Code },
});

export const getVerificationCode = route('GET', '/i/users/:uid/verification-code/:action', {
  about: 'The code that a user may give beside its password; null when none is pending.',
  auth: 'internal',
  params: { uid: UserIdSchema, action: VerificationAction },
  answers: { 200: Nullable(Type.String()) },
});

export const putUserHandle = route('PUT', '/i/users/:uid/handle', {
  about: 'Sets the handle of a user.',
  auth: 'internal',
  params: { uid: UserIdSchema },
  body: HandleUpdate,
  answers: { 200: null },
});

export const putUserName = route('PUT', '/i/users/:uid/name', {
  about: 'Sets the name of a user.',
  auth: 'internal',
  params: { uid: UserIdSchema },
  body: Type.Object({ name: UserName }),
  answers: { 200: null },
});

export const getUserStatus = route('GET', '/i/users/:uid/status', {
  about: 'The state of an account.',
  auth: 'internal',
  params: { uid: UserIdSchema },
  answers: { 200: Type.Object({ status: AccountStatus }) },
});

export const putUserStatus = route('PUT', '/i/users/:uid/status', {
  about: 'Suspends an account or lifts that; a suspended account has no cookies.',
  auth: 'internal',
  params: { uid: UserIdSchema },
  body: Type.Object({ status: AccountStatus }),
  answers: { 200: null },
});

export const removeUser = route('DELETE', '/i/users/:uid', {
  about: 'Deletes an account: 202 when it was there, 200 when it was deleted before.',
  auth: 'internal',
  params: { uid: UserIdSchema },
  answers: { 200: null, 202: null },
});

export const refreshIndex = route('POST', '/i/index/refresh', {
  about: 'Does nothing: the search index is part of each change.',
  auth: 'internal',
  answers: { 200: null },
});
