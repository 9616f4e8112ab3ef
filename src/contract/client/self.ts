import { Type } from 'typebox';
import { BaseProtocol, SelfProfile, UserAsset } from '../profiles.ts';
import { route } from '../route.ts';
import { HandleSchema } from '../schema.ts';

/** The user's own account (reference client-api 2.7, 2.8, 3.1). */

export const getSelf = route('GET', '/self', {
  about: 'The own profile.',
  auth: 'user',
  answers: { 200: SelfProfile },
});

export const putSelf = route('PUT', '/self', {
  about: 'Changes name, picture, assets or accent colour.',
  auth: 'user',
  body: Type.Object({
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    picture: Type.Optional(Type.Array(Type.Unknown())),
    assets: Type.Optional(Type.Array(UserAsset)),
    accent_id: Type.Optional(Type.Integer()),
  }),
  answers: { 200: null },
});

export const putSelfHandle = route('PUT', '/self/handle', {
  about: 'Sets or changes the own handle.',
  auth: 'user',
  body: Type.Object({ handle: Type.String() }),
  answers: { 200: null },
});

export const putSelfLocale = route('PUT', '/self/locale', {
  about: 'Sets the own locale.',
  auth: 'user',
  body: Type.Object({ locale: Type.String() }),
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
  body: Type.Object({
    old_password: Type.Optional(Type.String({ minLength: 6, maxLength: 1024 })),
    new_password: Type.String({ minLength: 8, maxLength: 1024 }),
  }),
  answers: { 200: null },
});

export const putSelfSupportedProtocols = route('PUT', '/self/supported-protocols', {
  about: 'Tells which message protocols the own clients speak.',
  auth: 'user',
  versions: [5],
  body: Type.Object({ supported_protocols: Type.Array(BaseProtocol) }),
  answers: { 200: null },
});

export const headHandle = route('HEAD', '/users/handles/:handle', {
  about: 'Whether a handle is taken.',
  auth: 'user',
  params: { handle: Type.String() },
  answers: { 200: null },
});

export const checkHandles = route('POST', '/users/handles', {
  about: 'Which of the given handles are valid and free.',
  auth: 'user',
  body: Type.Object({
    handles: Type.Array(Type.String(), { minItems: 1, maxItems: 50 }),
    return: Type.Integer({ minimum: 1, maximum: 10, default: 1 }),
  }),
  answers: { 200: Type.Array(HandleSchema) },
});
