import { Type } from 'typebox';
import { route } from '../route.ts';
import { HandleSchema } from '../schema.ts';

/** Which handles are taken (reference client-api 2.8). */

export const headHandle = route('HEAD', '/users/handles/:handle', {
  about: 'Whether a handle is taken.',
  auth: 'user',
  params: { handle: Type.String({ maxLength: 1024 }) },
  answers: { 200: null },
});

export const CheckHandles = Type.Object({
  handles: Type.Array(Type.String(), { minItems: 1, maxItems: 50 }),
  return: Type.Optional(Type.Integer({ minimum: 1, maximum: 10 })),
});

export const checkHandles = route('POST', '/users/handles', {
  about: 'Which of the given handles are valid and free.',
  auth: 'user',
  body: CheckHandles,
  answers: { 200: Type.Array(HandleSchema) },
});
