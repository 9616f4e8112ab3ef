import { Type } from 'typebox';
import { route } from '../route.ts';
import { ClientIdSchema, Nullable, UserIdSchema } from '../schema.ts';
import { KnownPassword, NewPassword } from './registration.ts';

/** Logging in, renewing access, forgotten passwords (reference client-api 2.5 to 2.7). */

export const AccessToken = Type.Object({
  user: UserIdSchema,
  token_type: Type.Literal('Bearer'),
  /** Seconds. */
  expires_in: Type.Integer(),
  access_token: Type.String(),
});
export type AccessToken = Type.Static<typeof AccessToken>;

const label = Type.Optional(Nullable(Type.String({ maxLength: 1024 })));

export const PasswordLogin = Type.Object({
  email: Type.Optional(Type.String({ maxLength: 1024 })),
  phone: Type.Optional(Type.String({ maxLength: 64 })),
  handle: Type.Optional(Type.String({ maxLength: 256 })),
  password: KnownPassword,
  label,
  verification_code: Type.Optional(Nullable(Type.String({ maxLength: 512 }))),
});
export type PasswordLogin = Type.Static<typeof PasswordLogin>;

export const PhoneCodeLogin = Type.Object({
  phone: Type.String({ maxLength: 64 }),
  code: Type.String({ maxLength: 512 }),
  label,
});
export const Login = Type.Union([PasswordLogin, PhoneCodeLogin]);
export type Login = Type.Static<typeof Login>;

export const login = route('POST', '/login', {
  about: 'Logs in by e-mail or handle and password.',
  auth: 'anyone',
  limit: 'login',
  query: { persist: Type.Optional(Type.String({ pattern: '^([Tt]rue|[Ff]alse)$' })) },
  body: Login,
  answers: { 200: AccessToken },
});

export const sendLoginCode = route('POST', '/login/send', {
  about: 'Always refused: this backend knows no phone numbers.',
  auth: 'anyone',
  versions: [0, 6],
  limit: 'login',
  body: Type.Object({
    phone: Type.String({ maxLength: 64 }),
    voice_call: Type.Optional(Type.Boolean()),
    force: Type.Optional(Type.Boolean()),
  }),
  answers: { 200: Type.Object({ expires_in: Type.Integer() }) },
});

/** Where the access token may be instead of the `Authorization` header, which comes first. */
const accessToken = { access_token: Type.Optional(Type.String({ maxLength: 4096 })) };

export const access = route('POST', '/access', {
  about: 'Gets a new access token for the cookie, bound to a client when one is named.',
  auth: 'anyone',
  query: { client_id: Type.Optional(ClientIdSchema), ...accessToken },
  answers: { 200: AccessToken },
});

export const logout = route('POST', '/access/logout', {
  about: 'Revokes the cookie; needs the access token too.',
  auth: 'anyone',
  query: accessToken,
  answers: { 200: null },
});

export const putAccessSelfEmail = route('PUT', '/access/self/email', {
  about: 'Asks for another e-mail address; it counts once its code was given.',
  auth: 'anyone',
  query: accessToken,
  body: Type.Object({ email: Type.String({ maxLength: 1024 }) }),
  answers: { 202: null, 204: null },
});

export const postPasswordReset = route('POST', '/password-reset', {
  about: 'Mails a code for setting a new password.',
  auth: 'anyone',
  limit: 'login',
  body: Type.Object({
    email: Type.Optional(Type.String({ maxLength: 1024 })),
    phone: Type.Optional(Type.String({ maxLength: 64 })),
  }),
  answers: { 201: null },
});

export const completePasswordReset = route('POST', '/password-reset/complete', {
  about: 'Sets a new password by the mailed code; revokes all cookies.',
  auth: 'anyone',
  limit: 'login',
  body: Type.Object({
    key: Type.Optional(Type.String({ maxLength: 512 })),
    email: Type.Optional(Type.String({ maxLength: 1024 })),
    phone: Type.Optional(Type.String({ maxLength: 64 })),
    code: Type.String({ maxLength: 512 }),
    password: NewPassword,
  }),
  answers: { 200: null },
});

export const completePasswordResetByKey = route('POST', '/password-reset/:key', {
  about: 'The older form of `POST /password-reset/complete`.',
  auth: 'anyone',
  limit: 'login',
  params: { key: Type.String({ maxLength: 512 }) },
  body: Type.Object({ code: Type.String({ maxLength: 512 }), password: NewPassword }),
  answers: { 200: null },
});

/** What a second factor can stand beside the password for. A code of one action is good for no other. */
export const VerificationAction = Type.Union([
  Type.Literal('create_scim_token'),
  Type.Literal('login'),
  Type.Literal('delete_team'),
]);
export type VerificationAction = Type.Static<typeof VerificationAction>;

export const sendVerificationCode = route('POST', '/verification-code/send', {
  about: 'Mails a second factor to users whose team asks for one.',
  auth: 'anyone',
  limit: 'login',
  body: Type.Object({ action: VerificationAction, email: Type.String({ maxLength: 1024 }) }),
  answers: { 200: null },
});
