import { Type } from 'typebox';
import { UserAsset } from '../profiles.ts';
import { route } from '../route.ts';
import { ProviderIdSchema, ServiceIdSchema, TeamIdSchema } from '../schema.ts';
import { HttpsUrl, ServiceTag } from '../services.ts';
import { KnownPassword, UserName } from './registration.ts';

/** Services, as their providers keep them and as users find them (reference client-api 9.5). */

const Summary = Type.String({ minLength: 1, maxLength: 128 });
const Description = Type.String({ minLength: 1, maxLength: 1024 });
const Tags = Type.Array(ServiceTag, { minItems: 1, maxItems: 3 });
const Assets = Type.Array(UserAsset, { maxItems: 20 });
/** What this backend proves itself with to the service. */
const AuthToken = Type.String({
  pattern: '^[!-~]{1,1024}$',
  description: '1 to 1024 visible ASCII characters',
});
/** A public RSA key; the TLS certificate of the service must have it. */
const KeyPem = Type.String({ minLength: 1, maxLength: 8192 });

export const ServiceKey = Type.Object({ type: Type.Literal('rsa'), size: Type.Integer(), pem: KeyPem });

const profile = {
  id: ServiceIdSchema,
  name: UserName,
  summary: Type.String(),
  description: Type.String(),
  assets: Assets,
  tags: Type.Array(ServiceTag),
  enabled: Type.Boolean(),
};

/** As its provider sees it. */
export const Service = Type.Object({
  ...profile,
  base_url: HttpsUrl,
  auth_tokens: Type.Array(AuthToken, { minItems: 1 }),
  public_keys: Type.Array(ServiceKey, { minItems: 1 }),
});
export type Service = Type.Static<typeof Service>;

/** As users see it. */
export const ServiceProfile = Type.Object({ ...profile, provider: ProviderIdSchema });
export type ServiceProfile = Type.Static<typeof ServiceProfile>;
const ServiceProfilePage = Type.Object({ has_more: Type.Boolean(), services: Type.Array(ServiceProfile) });

export const NewService = Type.Object({
  name: UserName,
  summary: Summary,
  description: Description,
  base_url: HttpsUrl,
  public_key: KeyPem,
  /** One is made, and told, when it is left out. */
  auth_token: Type.Optional(AuthToken),
  assets: Assets,
  tags: Tags,
});
export type NewService = Type.Static<typeof NewService>;

export const ServiceUpdate = Type.Object({
  name: Type.Optional(UserName),
  summary: Type.Optional(Summary),
  description: Type.Optional(Description),
  assets: Type.Optional(Assets),
  tags: Type.Optional(Tags),
});
export type ServiceUpdate = Type.Static<typeof ServiceUpdate>;

export const ServiceConnectionUpdate = Type.Object({
  password: KnownPassword,
  enabled: Type.Optional(Type.Boolean()),
  base_url: Type.Optional(HttpsUrl),
  public_keys: Type.Optional(Type.Array(KeyPem, { minItems: 1, maxItems: 2 })),
  auth_tokens: Type.Optional(Type.Array(AuthToken, { minItems: 1, maxItems: 2 })),
});
export type ServiceConnectionUpdate = Type.Static<typeof ServiceConnectionUpdate>;

export const ServiceWhitelisting = Type.Object({
  provider: ProviderIdSchema,
  id: ServiceIdSchema,
  whitelisted: Type.Boolean(),
});

const own = { sid: ServiceIdSchema };
const size = Type.Optional(Type.String({ pattern: '^([1-9]\\d|100)$', description: '10 to 100' }));

export const addService = route('POST', '/provider/services', {
  about: 'Makes a service, which nobody can use before it is enabled.',
  auth: 'provider',
  body: NewService,
  answers: { 201: Type.Object({ id: ServiceIdSchema, auth_token: Type.Optional(Type.String()) }) },
});

export const listOwnServices = route('GET', '/provider/services', {
  about: 'The services of the provider.',
  auth: 'provider',
  answers: { 200: Type.Array(Service) },
});

export const getOwnService = route('GET', '/provider/services/:sid', {
  about: 'A service of the provider.',
  auth: 'provider',
  params: own,
  answers: { 200: Service },
});

export const putService = route('PUT', '/provider/services/:sid', {
  about: 'Changes what is given of what users see of a service.',
  auth: 'provider',
  params: own,
  body: ServiceUpdate,
  answers: { 200: null },
});

export const putServiceConnection = route('PUT', '/provider/services/:sid/connection', {
  about: 'Changes what is given of how a service is reached, and whether it can be used.',
  auth: 'provider',
  params: own,
  body: ServiceConnectionUpdate,
  answers: { 200: null },
});

export const deleteService = route('DELETE', '/provider/services/:sid', {
  about: 'Ends a service; its bots leave their conversations soon after.',
  auth: 'provider',
  params: own,
  body: Type.Object({ password: KnownPassword }),
  answers: { 202: null },
});

export const listServices = route('GET', '/providers/:pid/services', {
  about: 'The services of a provider that can be used.',
  auth: 'user',
  params: { pid: ProviderIdSchema },
  answers: { 200: Type.Array(ServiceProfile) },
});

export const getService = route('GET', '/providers/:pid/services/:sid', {
  about: 'A service.',
  auth: 'user',
  params: { pid: ProviderIdSchema, sid: ServiceIdSchema },
  answers: { 200: ServiceProfile },
});

export const searchServices = route('GET', '/services', {
  about: 'Finds services by tags or by the beginning of their names.',
  auth: 'user',
  query: {
    tags: Type.Optional(
      Type.String({ maxLength: 200, description: 'tags: commas between alternatives, dots within one' }),
    ),
    start: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    size,
  },
  answers: { 200: ServiceProfilePage },
});

export const listServiceTags = route('GET', '/services/tags', {
  about: 'The tags that services may have.',
  auth: 'user',
  answers: { 200: Type.Array(ServiceTag) },
});

export const listWhitelistedServices = route('GET', '/teams/:tid/services/whitelisted', {
  about: 'The services that may be used in conversations of a team.',
  auth: 'user',
  params: { tid: TeamIdSchema },
  query: {
    prefix: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    filter_disabled: Type.Optional(Type.String({ pattern: '^([Tt]rue|[Ff]alse)$' })),
    size,
  },
  answers: { 200: ServiceProfilePage },
});

export const whitelistService = route('POST', '/teams/:tid/services/whitelist', {
  about: 'Lets a service into conversations of a team, or takes it out of all of them. 204 when it was so.',
  auth: 'user',
  params: { tid: TeamIdSchema },
  body: ServiceWhitelisting,
  answers: { 200: null, 204: null },
});
