import { Type } from 'typebox';
import { AccessToken } from '../client/login.ts';
import { KnownPassword, Locale, UserName } from '../client/registration.ts';
import { SelfProfile, SsoId } from '../profiles.ts';
import { route } from '../route.ts';
import { Nullable, TeamIdSchema, UserIdSchema } from '../schema.ts';
import { TeamRoleSchema } from '../teams.ts';

/**
 * What single sign-on and legal hold services ask of the operations listener: they have found out themselves who
 * somebody is (reference client-api 2.9).
 */

/** wire-server's names of members, which tell whose end-point it is. */
export const NewSparUser = Type.Object({
  newUserSparUUID: UserIdSchema,
  newUserSparSSOId: SsoId,
  newUserSparDisplayName: UserName,
  newUserSparTeamId: TeamIdSchema,
  newUserSparManagedBy: Type.Union([Type.Literal('wire'), Type.Literal('scim')]),
  newUserSparHandle: Type.Optional(Nullable(Type.String({ maxLength: 256 }))),
  newUserSparLocale: Type.Optional(Nullable(Locale)),
  newUserSparRole: TeamRoleSchema,
});
export type NewSparUser = Type.Static<typeof NewSparUser>;

const label = Type.Optional(Nullable(Type.String({ maxLength: 1024 })));

export const createSparUser = route('POST', '/i/users/spar', {
  about: 'Makes a member of a team who proves its identity by single sign-on.',
  auth: 'internal',
  body: NewSparUser,
  answers: { 201: SelfProfile },
});

export const ssoLogin = route('POST', '/i/sso-login', {
  about: 'Logs a user in without asking for credentials.',
  auth: 'internal',
  query: { persist: Type.Optional(Type.String({ pattern: '^([Tt]rue|[Ff]alse)$' })) },
  body: Type.Object({ user: UserIdSchema, label }),
  answers: { 200: AccessToken },
});

export const legalholdLogin = route('POST', '/i/legalhold-login', {
  about: 'Logs the legal hold service of a user in: its tokens read what the user gets, and do nothing else.',
  auth: 'internal',
  body: Type.Object({ user: UserIdSchema, password: Type.Optional(Nullable(KnownPassword)), label }),
  answers: { 200: AccessToken },
});
