import { Type } from 'typebox';
import { ClientIdSchema, MapOf, UserIdSchema } from './schema.ts';

/** What clients and federation call a user's devices and their Proteus keys (reference federation-api 5.2.4 to 5.2.8). */

/** Id of the key that is handed out when no other is left. */
export const lastResortPrekeyId = 65_535;

export const PrekeyId = Type.Integer({ minimum: 0, maximum: lastResortPrekeyId });

/** A Proteus prekey bundle: base64 of CBOR, passed through. */
export const Prekey = Type.Object({ id: PrekeyId, key: Type.String() });
export type Prekey = Type.Static<typeof Prekey>;

export const ClientPrekey = Type.Object({ client: ClientIdSchema, prekey: Prekey });
export type ClientPrekey = Type.Static<typeof ClientPrekey>;

/** One prekey for each client of a user. */
export const PrekeyBundle = Type.Object({ user: UserIdSchema, clients: Type.Array(ClientPrekey) });
export type PrekeyBundle = Type.Static<typeof PrekeyBundle>;

export const ClientClass = Type.Union([
  Type.Literal('phone'),
  Type.Literal('tablet'),
  Type.Literal('desktop'),
  Type.Literal('legalhold'),
]);
export type ClientClass = Type.Static<typeof ClientClass>;

/** What everybody may know of a client. */
export const PubClient = Type.Object({ id: ClientIdSchema, class: Type.Optional(ClientClass) });
export type PubClient = Type.Static<typeof PubClient>;

/** `null`: the client is unknown or has no prekey. */
export const PrekeysByClient = MapOf(ClientIdSchema, Type.Union([Prekey, Type.Null()]));
export const PrekeysByUser = MapOf(UserIdSchema, PrekeysByClient);
export type PrekeysByUser = Type.Static<typeof PrekeysByUser>;

export const ClientsByUser = MapOf(UserIdSchema, Type.Array(PubClient));
export type ClientsByUser = Type.Static<typeof ClientsByUser>;

export const ClientIdsByUser = MapOf(UserIdSchema, Type.Array(ClientIdSchema));
export type ClientIdsByUser = Type.Static<typeof ClientIdsByUser>;
