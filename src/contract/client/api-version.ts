import { Type } from 'typebox';
import { route } from '../route.ts';
import { Domain } from '../schema.ts';

/** How a client learns what it may speak (reference client-api 1.1). */
export const getApiVersion = route('GET', '/api-version', {
  about: 'Which client API versions this backend speaks, its domain, and whether it federates.',
  auth: 'anyone',
  answers: {
    200: Type.Object({
      supported: Type.Array(Type.Integer()),
      development: Type.Array(Type.Integer()),
      federation: Type.Boolean(),
      domain: Domain,
    }),
  },
});
