import { Type } from 'typebox';
import { route } from '../route.ts';
import { HandleSchema } from '../schema.ts';

/** Which handles are taken (reference client-api 2.8). */

/** Versions with the paths under `/users`. */
const underUsers = [0, 7] as const;

const head = {
  about: 'Whether a handle is taken.',
  auth: 'user',
  params: { handle: Type.String({ maxLength: 1024 }) },
  answers: { 200: null },
} as const;

export const headHandleV6 = route('HEAD', '/users/handles/:handle', { ...head, versions: underUsers });
export const headHandle = route('HEAD', '/handles/:handle', { ...head, versions: [7] });

export const CheckHandles = Type.Object({
  handles: Type.Array(Type.String(), { minItems: 1, maxItems: 50 }),
  return: Type.Optional(Type.Integer({ minimum: 1, maximum: 10 })),
});

const check = {
  about: 'Which of the given handles are valid and free.',
  auth: 'user',
  body: CheckHandles,
  answers: { 200: Type.Array(HandleSchema) },
} as const;

export const checkHandlesV6 = route('POST', '/users/handles', { ...check, versions: underUsers });
export const checkHandles = route('POST', '/handles', { ...check, versions: [7] });
