import { Type } from 'typebox';
import { route } from '../route.ts';
import { ClientIdSchema } from '../schema.ts';

/**
 * How a client proves to a certificate authority which client of this backend it is: it asks for a nonce, signs it
 * together with the authority's challenge (DPoP, RFC 9449), and gets a token over that.
 */

const client = { client: ClientIdSchema };

export const getNonce = route('GET', '/clients/:client/nonce', {
  about: 'A nonce for the next proof of a client, in the header `Replay-Nonce`; good once, and not for long.',
  auth: 'user',
  params: client,
  answers: { 204: null },
});

export const headNonce = route('HEAD', '/clients/:client/nonce', {
  about: 'As with GET, in the form that ACME clients know.',
  auth: 'user',
  params: client,
  answers: { 200: null },
});

export const createAccessToken = route('POST', '/clients/:client/access-token', {
  about: 'A token that tells a certificate authority which client has signed the proof in the header `DPoP`.',
  auth: 'user',
  params: client,
  headers: ['dpop'],
  answers: {
    200: Type.Object({
      token: Type.String(),
      type: Type.Literal('DPoP'),
      /** Seconds. */
      expires_in: Type.Integer(),
    }),
  },
});
