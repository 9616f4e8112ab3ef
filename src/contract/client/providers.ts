import { Type } from 'typebox';
import { route } from '../route.ts';
import { ProviderIdSchema } from '../schema.ts';
import { HttpsUrl } from '../services.ts';
import { KnownPassword, NewPassword, UserName } from './registration.ts';

/** Who provides services: accounts of their own, which no user has (reference client-api 9.5). */

const Email = Type.String({ maxLength: 1024 });
const Description = Type.String({ minLength: 1, maxLength: 1024 });
const Ascii = Type.String({ pattern: '^[A-Za-z0-9_=-]*$', maxLength: 512, description: 'URL-safe base64' });

const profile = { id: ProviderIdSchema, name: UserName, url: HttpsUrl, description: Type.String() };
/** As everybody sees it. */
export const ProviderProfile = Type.Object(profile);
/** As itself sees it. */
export const Provider = Type.Object({ ...profile, email: Type.String() });
export type Provider = Type.Static<typeof Provider>;

export const NewProvider = Type.Object({
  name: UserName,
  email: Email,
  url: HttpsUrl,
  description: Description,
  /** One is made, and told once, when it is left out. */
  password: Type.Optional(KnownPassword),
});
export type NewProvider = Type.Static<typeof NewProvider>;

export const ProviderUpdate = Type.Object({
  name: Type.Optional(UserName),
  url: Type.Optional(HttpsUrl),
  description: Type.Optional(Description),
});
export type ProviderUpdate = Type.Static<typeof ProviderUpdate>;

export const registerProvider = route('POST', '/provider/register', {
  about: 'Makes a provider, whose e-mail address is to be activated.',
  auth: 'anyone',
  limit: 'registration',
  body: NewProvider,
  answers: { 201: Type.Object({ id: ProviderIdSchema, password: Type.Optional(Type.String()) }) },
});

export const activateProvider = route('GET', '/provider/activate', {
  about: 'Activates the e-mail address of a provider: the link in the mail. 204 when it was active.',
  auth: 'anyone',
  query: { key: Ascii, code: Ascii },
  answers: { 200: Type.Object({ email: Type.String() }), 204: null },
});

export const loginProvider = route('POST', '/provider/login', {
  about: 'Logs a provider in: the cookie is its token.',
  auth: 'anyone',
  limit: 'login',
  body: Type.Object({ email: Email, password: KnownPassword }),
  answers: { 200: null },
});

export const postProviderPasswordReset = route('POST', '/provider/password-reset', {
  about: 'Mails a provider a code for setting a new password.',
  auth: 'anyone',
  limit: 'login',
  body: Type.Object({ email: Email }),
  answers: { 201: null },
});

export const completeProviderPasswordReset = route('POST', '/provider/password-reset/complete', {
  about: 'Sets a new password of a provider by the mailed code; ends its sessions.',
  auth: 'anyone',
  limit: 'login',
  body: Type.Object({ key: Ascii, code: Ascii, password: NewPassword }),
  answers: { 200: null },
});

export const getOwnProvider = route('GET', '/provider', {
  about: 'The provider as itself sees it.',
  auth: 'provider',
  answers: { 200: Provider },
});

export const putProvider = route('PUT', '/provider', {
  about: 'Changes what is given of a provider.',
  auth: 'provider',
  body: ProviderUpdate,
  answers: { 200: null },
});

export const putProviderEmail = route('PUT', '/provider/email', {
  about: 'Asks for another e-mail address of a provider; it counts once its code was given.',
  auth: 'provider',
  limit: 'registration',
  body: Type.Object({ email: Email }),
  answers: { 202: null },
});

export const putProviderPassword = route('PUT', '/provider/password', {
  about: 'Changes the password of a provider.',
  auth: 'provider',
  body: Type.Object({ old_password: KnownPassword, new_password: NewPassword }),
  answers: { 200: null },
});

export const deleteProvider = route('DELETE', '/provider', {
  about: 'Ends a provider with its services and their bots.',
  auth: 'provider',
  body: Type.Object({ password: KnownPassword }),
  answers: { 200: null },
});

export const getProvider = route('GET', '/providers/:pid', {
  about: 'A provider as everybody sees it.',
  auth: 'user',
  params: { pid: ProviderIdSchema },
  answers: { 200: ProviderProfile },
});
