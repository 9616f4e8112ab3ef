import { Type } from 'typebox';
import { route } from '../route.ts';
import { ClientIdSchema } from '../schema.ts';

/** Tokens of native push services (reference client-api 6.3). */

const GCM = Type.Literal('GCM');
const APNS = Type.Literal('APNS');
const APNS_SANDBOX = Type.Literal('APNS_SANDBOX');

export const Transport = Type.Union([GCM, APNS, APNS_SANDBOX]);
export type Transport = Type.Static<typeof Transport>;

/** The last two are still sent by old clients; they are refused with a label of their own. */
const AnyTransport = Type.Union([
  GCM,
  APNS,
  APNS_SANDBOX,
  Type.Literal('APNS_VOIP'),
  Type.Literal('APNS_VOIP_SANDBOX'),
]);

const members = {
  app: Type.String({ minLength: 1, maxLength: 256, description: 'name of the app' }),
  token: Type.String({ description: 'what the push service has given to the client' }),
  client: ClientIdSchema,
};

export const PushToken = Type.Object({ transport: Transport, ...members });
export type PushToken = Type.Static<typeof PushToken>;

export const AnyPushToken = Type.Object({ transport: AnyTransport, ...members });
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
