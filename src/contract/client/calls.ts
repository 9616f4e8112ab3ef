import { Type } from 'typebox';
import { route } from '../route.ts';

/** Which servers carry the media of calls, and how to log in to them. */

/** A TURN server for one user and some hours; clients hand it to WebRTC as it is. */
export const IceServer = Type.Object({
  urls: Type.Array(Type.String(), { minItems: 1 }),
  username: Type.String(),
  /** Base64 of the HMAC over the user name. */
  credential: Type.String(),
});
export type IceServer = Type.Static<typeof IceServer>;

/** A server of conference calls; exactly one URL. */
export const SftServer = Type.Object({
  urls: Type.Array(Type.String(), { minItems: 1, maxItems: 1 }),
  username: Type.Optional(Type.String()),
  credential: Type.Optional(Type.String()),
});
export type SftServer = Type.Static<typeof SftServer>;

export const CallsConfig = Type.Object({
  ice_servers: Type.Array(IceServer, { minItems: 1 }),
  sft_servers: Type.Optional(Type.Array(SftServer, { minItems: 1 })),
  sft_servers_all: Type.Optional(Type.Array(SftServer)),
  /** Seconds after which clients ask again. */
  ttl: Type.Integer(),
});
export type CallsConfig = Type.Static<typeof CallsConfig>;

export const getCallsConfig = route('GET', '/calls/config', {
  about: 'The TURN servers for clients that know addresses and UDP alone.',
  auth: 'user',
  answers: { 200: CallsConfig },
});

export const getCallsConfigV2 = route('GET', '/calls/config/v2', {
  about: 'The servers for calls, and how to log in to them.',
  auth: 'user',
  query: {
    limit: Type.Optional(
      Type.String({ pattern: '^([1-9]|10)$', description: 'how many TURN servers, 1 to 10' }),
    ),
  },
  answers: { 200: CallsConfig },
});
