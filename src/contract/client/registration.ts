import { Type } from 'typebox';
import { BaseProtocol, SelfProfile, UserAsset } from '../profiles.ts';
import { route } from '../route.ts';
import { Nullable, TeamIdSchema, UserIdSchema } from '../schema.ts';

/** Becoming a user: registration and activation (reference client-api 2.3, 2.4). */

/** Limits of reference 2.3: names 1 to 128 characters, new passwords 8 to 1024, pictures at most 10 elements. */
export const UserName = Type.String({ minLength: 1, maxLength: 128 });
export const NewPassword = Type.String({ minLength: 8, maxLength: 1024 });
/** Passwords that are only checked may be older than today's minimum. */
export const KnownPassword = Type.String({ minLength: 6, maxLength: 1024 });
export const AccentId = Type.Integer({ minimum: -2_147_483_648, maximum: 2_147_483_647 });
export const Picture = Type.Array(Type.Unknown(), { maxItems: 10 });
export const Locale = Type.String({
  pattern: '^[a-z]{2}([-_][A-Z]{2})?$',
  description: 'a language such as en, or with a country: en-GB',
});
/** Characters that codes and keys in mails are made of. */
const Ascii = Type.String({ pattern: '^[A-Za-z0-9_=-]*$', maxLength: 512, description: 'URL-safe base64' });
const Phone = Type.String({ maxLength: 64 });
/** Longer addresses are refused as invalid e-mails by the handler; this only bounds the work. */
const Email = Type.String({ maxLength: 1024 });
const CookieLabel = Type.Optional(Nullable(Type.String({ maxLength: 1024 })));

/** Names and icons of teams. */
export const TeamText = Type.String({ minLength: 1, maxLength: 256 });
const NewTeam = Type.Object({
  name: TeamText,
  icon: TeamText,
  icon_key: Type.Optional(TeamText),
  currency: Type.Optional(Type.String({ pattern: '^[A-Z]{3}$' })),
});

/** The body of `POST /register` and of the internal `POST /i/users`. */
export const NewUser = Type.Object({
  name: UserName,
  email: Type.Optional(Email),
  phone: Type.Optional(Phone),
  email_code: Type.Optional(Ascii),
  phone_code: Type.Optional(Ascii),
  password: Type.Optional(NewPassword),
  invitation_code: Type.Optional(Ascii),
  team_code: Type.Optional(Ascii),
  team: Type.Optional(NewTeam),
  team_id: Type.Optional(TeamIdSchema),
  sso_id: Type.Optional(Type.Object({})),
  uuid: Type.Optional(UserIdSchema),
  label: CookieLabel,
  locale: Type.Optional(Locale),
  picture: Type.Optional(Picture),
  assets: Type.Optional(Type.Array(UserAsset)),
  accent_id: Type.Optional(AccentId),
  expires_in: Type.Optional(Type.Integer({ minimum: 1, maximum: 604_800 })),
  managed_by: Type.Optional(Type.Union([Type.Literal('wire'), Type.Literal('scim')])),
  supported_protocols: Type.Optional(Type.Array(BaseProtocol)),
});
export type NewUser = Type.Static<typeof NewUser>;

export const register = route('POST', '/register', {
  about: 'Registers a user and logs it in.',
  auth: 'anyone',
  limit: 'registration',
  body: NewUser,
  answers: { 201: SelfProfile },
});

export const sendActivation = route('POST', '/activate/send', {
  about: 'Mails an activation code, before or after registration.',
  auth: 'anyone',
  limit: 'registration',
  body: Type.Object({
    email: Type.Optional(Email),
    phone: Type.Optional(Phone),
    locale: Type.Optional(Locale),
    voice_call: Type.Optional(Type.Boolean()),
  }),
  answers: { 200: null },
});

const ActivationAnswer = Type.Object({ email: Type.Optional(Type.String()), first: Type.Boolean() });

export const getActivate = route('GET', '/activate', {
  about: 'Activates an e-mail address: the link in the mail.',
  auth: 'anyone',
  query: { key: Ascii, code: Ascii },
  answers: { 200: ActivationAnswer, 204: null },
});

export const postActivate = route('POST', '/activate', {
  about: 'Activates an e-mail address, or only tries the code.',
  auth: 'anyone',
  body: Type.Object({
    key: Type.Optional(Ascii),
    email: Type.Optional(Email),
    phone: Type.Optional(Phone),
    code: Ascii,
    dryrun: Type.Boolean(),
  }),
  // A dry run that succeeds answers 200 without a body.
  answers: {
    200: Type.Unsafe<Type.Static<typeof ActivationAnswer> | undefined>(ActivationAnswer),
    204: null,
  },
});
