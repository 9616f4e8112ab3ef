import { type TSchema, Type } from 'typebox';
import { ClientClass, ClientsByUser, lastResortPrekeyId, Prekey, PrekeyId, PubClient } from '../devices.ts';
import { QualifiedUserId } from '../profiles.ts';
import { route } from '../route.ts';
import { ClientIdSchema, Domain, MapOf, Nullable, UserIdSchema, UtcMillis } from '../schema.ts';
import { KnownPassword } from './registration.ts';

/** Users' devices (reference client-api 3.5). */

/** Clients upload some hundred prekeys at a time; more are refused rather than checked one by one. */
export const maxPrekeysPerRequest = 2_000;
/** wire-server's limit of users per request for their clients. */
const maxListedUsers = 500;

export const ClientType = Type.Union([
  Type.Literal('temporary'),
  Type.Literal('permanent'),
  Type.Literal('legalhold'),
]);
export type ClientType = Type.Static<typeof ClientType>;

const LegalholdConsent = Type.Literal('legalhold-implicit-consent');

/** The capability of clients whose events wait in a queue of their own until they acknowledge them. */
export const consumesNotifications = 'consumable-notifications';

export const ClientCapability = Type.Union([LegalholdConsent, Type.Literal(consumesNotifications)]);
export type ClientCapability = Type.Static<typeof ClientCapability>;
const Capabilities = Type.Array(ClientCapability, { maxItems: 16 });

/** What versions up to 7 know; of a client with more they show no more. */
const CapabilitiesV7 = Type.Array(LegalholdConsent, { maxItems: 16 });

export const CapabilityListV6 = Type.Object({ capabilities: CapabilitiesV7 });

/** Canonical base64 with padding: clients compare what they get back with what they sent. */
const PublicKey = Type.String({
  pattern: '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$',
  minLength: 4,
  maxLength: 1024,
  description: 'a public key in base64 with padding',
});

/** Signature keys by scheme. */
export const MlsPublicKeys = Type.Object(
  {
    ed25519: Type.Optional(PublicKey),
    ecdsa_secp256r1_sha256: Type.Optional(PublicKey),
    ecdsa_secp384r1_sha384: Type.Optional(PublicKey),
    ecdsa_secp521r1_sha512: Type.Optional(PublicKey),
  },
  { additionalProperties: false },
);
export type MlsPublicKeys = Type.Static<typeof MlsPublicKeys>;

const Text = Type.String({ maxLength: 1024 });
const Prekeys = Type.Array(Prekey, { maxItems: maxPrekeysPerRequest });
const LastPrekey = Type.Object({ id: Type.Literal(lastResortPrekeyId), key: Type.String() });

/** What may be left out, or sent as null. */
function Maybe<T extends TSchema>(schema: T) {
  return Type.Optional(Nullable(schema));
}

const newClient = {
  type: ClientType,
  prekeys: Prekeys,
  lastkey: LastPrekey,
  class: Maybe(ClientClass),
  label: Maybe(Text),
  model: Maybe(Text),
  /** Label of the cookies that end with the client. */
  cookie: Maybe(Text),
  password: Maybe(KnownPassword),
  mls_public_keys: Maybe(MlsPublicKeys),
  /** The second factor, where the user's team asks for one: the code of the login counts here as well. */
  verification_code: Maybe(Type.String({ maxLength: 64 })),
};

export const NewClientV7 = Type.Object({ ...newClient, capabilities: Maybe(CapabilitiesV7) });
export const NewClient = Type.Object({ ...newClient, capabilities: Maybe(Capabilities) });
export type NewClient = Type.Static<typeof NewClient>;

const clientUpdate = {
  prekeys: Maybe(Prekeys),
  lastkey: Maybe(LastPrekey),
  label: Maybe(Text),
  mls_public_keys: Maybe(MlsPublicKeys),
};

export const ClientUpdateV7 = Type.Object({ ...clientUpdate, capabilities: Maybe(CapabilitiesV7) });
export const ClientUpdate = Type.Object({ ...clientUpdate, capabilities: Maybe(Capabilities) });
export type ClientUpdate = Type.Static<typeof ClientUpdate>;

/** The password of a permanent client's owner. */
export const RemovedClient = Type.Object({ password: Maybe(KnownPassword) });

const clientMembers = {
  id: ClientIdSchema,
  type: ClientType,
  time: UtcMillis,
  class: Type.Optional(ClientClass),
  label: Type.Optional(Type.String()),
  model: Type.Optional(Type.String()),
  cookie: Type.Optional(Type.String()),
  /** Rounded up to a week. */
  last_active: Type.Optional(Type.String()),
  mls_public_keys: MlsPublicKeys,
};

/** A client as its owner sees it from version 7 on, and as operators do. */
export const Client = Type.Object({ ...clientMembers, capabilities: Capabilities });
export type Client = Type.Static<typeof Client>;

/** The form of versions up to 6 and of events, with nested capabilities. */
export const ClientV6 = Type.Object({ ...clientMembers, capabilities: CapabilityListV6 });
export type ClientV6 = Type.Static<typeof ClientV6>;

const ownClient = { client: ClientIdSchema };

/** Versions whose clients know the nested form of capabilities. */
const nested = [0, 7] as const;
const flat = [7] as const;

const registration = {
  about: 'Registers a client of the caller, or replaces the one with the same last-resort key.',
  auth: 'user',
} as const;

export const addClientV6 = route('POST', '/clients', {
  ...registration,
  versions: nested,
  body: NewClientV7,
  answers: { 201: ClientV6 },
});

export const addClientV7 = route('POST', '/clients', {
  ...registration,
  versions: [7, 8],
  body: NewClientV7,
  answers: { 201: Client },
});

export const addClient = route('POST', '/clients', {
  ...registration,
  versions: [8],
  body: NewClient,
  answers: { 201: Client },
});

export const listClientsV6 = route('GET', '/clients', {
  about: 'The clients of the caller.',
  auth: 'user',
  versions: nested,
  answers: { 200: Type.Array(ClientV6) },
});

export const listClients = route('GET', '/clients', {
  about: 'The clients of the caller.',
  auth: 'user',
  versions: flat,
  answers: { 200: Type.Array(Client) },
});

export const getClientV6 = route('GET', '/clients/:client', {
  about: 'One client of the caller.',
  auth: 'user',
  versions: nested,
  params: ownClient,
  answers: { 200: ClientV6, 404: null },
});

export const getClient = route('GET', '/clients/:client', {
  about: 'One client of the caller.',
  auth: 'user',
  versions: flat,
  params: ownClient,
  answers: { 200: Client, 404: null },
});

const update = {
  about: 'Changes what is given of a client of the caller; prekeys are added.',
  auth: 'user',
  params: ownClient,
  answers: { 200: null },
} as const;

export const updateClientV7 = route('PUT', '/clients/:client', {
  ...update,
  versions: [0, 8],
  body: ClientUpdateV7,
});

export const updateClient = route('PUT', '/clients/:client', {
  ...update,
  versions: [8],
  body: ClientUpdate,
});

export const removeClient = route('DELETE', '/clients/:client', {
  about: 'Removes a client of the caller; a permanent one needs the password.',
  auth: 'user',
  params: ownClient,
  body: Type.Optional(RemovedClient),
  answers: { 200: null },
});

export const getClientCapabilitiesV6 = route('GET', '/clients/:client/capabilities', {
  about: 'What a client of the caller has said that it can do.',
  auth: 'user',
  versions: nested,
  params: ownClient,
  answers: { 200: CapabilityListV6 },
});

export const getClientCapabilities = route('GET', '/clients/:client/capabilities', {
  about: 'What a client of the caller has said that it can do.',
  auth: 'user',
  versions: flat,
  params: ownClient,
  answers: { 200: Capabilities },
});

export const getClientPrekeys = route('GET', '/clients/:client/prekeys', {
  about: 'Ids of the prekeys that are left of a client of the caller.',
  auth: 'user',
  params: ownClient,
  answers: { 200: Type.Array(PrekeyId) },
});

const user = { domain: Domain, uid: UserIdSchema };

export const getUserClients = route('GET', '/users/:domain/:uid/clients', {
  about: 'The clients of a user; none when its backend does not answer.',
  auth: 'user',
  params: user,
  answers: { 200: Type.Array(PubClient) },
});

export const getOwnDomainUserClients = route('GET', '/users/:uid/clients', {
  about: 'The clients of a user of this backend.',
  auth: 'user',
  versions: [0, 2],
  params: { uid: UserIdSchema },
  answers: { 200: Type.Array(PubClient) },
});

export const getUserClient = route('GET', '/users/:domain/:uid/clients/:client', {
  about: 'One client of a user.',
  auth: 'user',
  params: { ...user, client: ClientIdSchema },
  answers: { 200: PubClient },
});

export const getOwnDomainUserClient = route('GET', '/users/:uid/clients/:client', {
  about: 'One client of a user of this backend.',
  auth: 'user',
  versions: [0, 2],
  params: { uid: UserIdSchema, client: ClientIdSchema },
  answers: { 200: PubClient },
});

const QualifiedUsers = Type.Array(QualifiedUserId, { maxItems: maxListedUsers });
const QualifiedClients = MapOf(Domain, ClientsByUser);
const WrappedClients = Type.Object({ qualified_user_map: QualifiedClients });

export const listUserClients = route('POST', '/users/list-clients', {
  about: 'The clients of users of any backend; backends that do not answer are left out.',
  auth: 'user',
  versions: [2],
  body: Type.Object({ qualified_users: QualifiedUsers }),
  answers: { 200: WrappedClients },
});

export const listUserClientsV1 = route('POST', '/users/list-clients/v2', {
  about: 'The clients of users of any backend; backends that do not answer are left out.',
  auth: 'user',
  versions: [0, 2],
  body: Type.Object({ qualified_users: QualifiedUsers }),
  answers: { 200: WrappedClients },
});

export const listUserClientsV0 = route('POST', '/users/list-clients', {
  about: 'The clients of users of any backend; backends that do not answer are left out.',
  auth: 'user',
  versions: [0, 2],
  body: Type.Array(QualifiedUserId, { minItems: 1, maxItems: maxListedUsers }),
  answers: { 200: QualifiedClients },
});
