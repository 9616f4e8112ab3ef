import { Type } from 'typebox';
import { BaseProtocol, SelfProfile, UserAsset } from '../profiles.ts';
import { route } from '../route.ts';
import { AccentId, KnownPassword, Locale, NewPassword, Picture, UserName } from './registration.ts';

/** The user's own account (reference client-api 2.7, 2.8, 3.1). */

export const getSelf = route('GET', '/self', {
  about: 'The own profile.',
  auth: 'user',
  answers: { 200: SelfProfile },
});

export const UserUpdate = Type.Object({
  name: Type.Optional(UserName),
  picture: Type.Optional(Picture),
  assets: Type.Optional(Type.Array(UserAsset)),
  accent_id: Type.Optional(AccentId),
});
export type UserUpdate = Type.Static<typeof UserUpdate>;

export const putSelf = route('PUT', '/self', {
  about: 'Changes name, picture, assets or accent colour.',
  auth: 'user',
  body: UserUpdate,
  answers: { 200: null },
});

export const HandleUpdate = Type.Object({ handle: Type.String({ maxLength: 1024 }) });

export const putSelfHandle = route('PUT', '/self/handle', {
  about: 'Sets or changes the own handle.',
  auth: 'user',
  body: HandleUpdate,
  answers: { 200: null },
});

export const putSelfLocale = route('PUT', '/self/locale', {
  about: 'Sets the own locale.',
  auth: 'user',
  body: Type.Object({ locale: Locale }),
  answers: { 200: null },
});

export const headSelfPassword = route('HEAD', '/self/password', {
  about: 'Whether a password is set.',
  auth: 'user',
  answers: { 200: null },
});

export const putSelfPassword = route('PUT', '/self/password', {
  about: 'Sets or changes the password; revokes all cookies.',
  auth: 'user',
  body: Type.Object({ old_password: Type.Optional(KnownPassword), new_password: NewPassword }),
  answers: { 200: null },
});

export const putSelfSupportedProtocols = route('PUT', '/self/supported-protocols', {
  about: 'Tells which message protocols the own clients speak.',
  auth: 'user',
  versions: [5],
  body: Type.Object({ supported_protocols: Type.Array(BaseProtocol) }),
  answers: { 200: null },
});

export const deleteSelf = route('DELETE', '/self', {
  about: 'Deletes the account: at once with the password, else by a code that is mailed.',
  auth: 'user',
  body: Type.Optional(Type.Object({ password: Type.Optional(KnownPassword) })),
  answers: { 200: null, 202: Type.Object({ expires_in: Type.Integer() }) },
});

export const verifyDeletion = route('POST', '/delete', {
  about: 'Deletes the account that a mailed code was for.',
  auth: 'anyone',
  body: Type.Object({
    key: Type.String({ minLength: 20, maxLength: 20 }),
    code: Type.String({ minLength: 6, maxLength: 20 }),
  }),
  answers: { 200: null },
});

export const deleteSelfEmail = route('DELETE', '/self/email', {
  about: 'Always refused: the e-mail address is the only identity that an account has here.',
  auth: 'user',
  answers: { 200: null },
});

/** The last version that has routes for phone numbers is the one before. */
const phones = [0, 6] as const;

export const putSelfPhone = route('PUT', '/self/phone', {
  about: 'Always refused: this backend knows no phone numbers.',
  auth: 'user',
  versions: phones,
  body: Type.Object({ phone: Type.String({ maxLength: 64 }) }),
  answers: { 202: null },
});

export const deleteSelfPhone = route('DELETE', '/self/phone', {
  about: 'Always refused: no account has a phone number beside its e-mail address.',
  auth: 'user',
  versions: phones,
  answers: { 200: null },
});
