import { Type } from 'typebox';
import { route } from '../route.ts';
import { ClientIdSchema } from '../schema.ts';

/** Tokens of native push services (reference client-api 6.3). */

const transports = ['GCM', 'APNS', 'APNS_SANDBOX'] as const;
/** Still sent by old clients; refused with a label of their own. */
const voipTransports = ['APNS_VOIP', 'APNS_VOIP_SANDBOX'] as const;

export const Transport = Type.Union(transports.map((name) => Type.Literal(name)));
export type Transport = (typeof transports)[number];

const members = {
  app: Type.String({ minLength: 1, maxLength: 256, description: 'name of the app' }),
  token: Type.String({ description: 'what the push service has given to the client' }),
  client: ClientIdSchema,
};

export const PushToken = Type.Object({ transport: Transport, ...members });
export type PushToken = Type.Static<typeof PushToken>;

export const AnyPushToken = Type.Object({
  transport: Type.Union([...transports, ...voipTransports].map((name) => Type.Literal(name))),
  ...members,
});
export type AnyPushToken = Type.Static<typeof AnyPushToken>;

export const addPushToken = route('POST', '/push/tokens', {
  about: 'Registers a client with a native push service. Replaces its older token of the same app.',
  auth: 'user',
  body: AnyPushToken,
  answers: { 201: PushToken },
});

export const getPushTokens = route('GET', '/push/tokens', {
  about: "The user's push tokens.",
  auth: 'user',
  answers: { 200: Type.Object({ tokens: Type.Array(PushToken) }) },
});

export const removePushToken = route('DELETE', '/push/tokens/:token', {
  about: 'Removes a push token.',
  auth: 'user',
  params: { token: Type.String({ minLength: 1 }) },
  answers: { 204: null },
});
