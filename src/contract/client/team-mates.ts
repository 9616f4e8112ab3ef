import { Type } from 'typebox';
import { route } from '../route.ts';
import { UserIdSchema } from '../schema.ts';

/** What members of a team may see and change of each other. */

export const putUserEmail = route('PUT', '/users/:uid/email', {
  about: "Asks for another e-mail address in a member's name; it counts once its code was given.",
  auth: 'user',
  params: { uid: UserIdSchema },
  body: Type.Object({ email: Type.String({ maxLength: 1024 }) }),
  answers: { 200: Type.Array(Type.Unknown(), { maxItems: 0 }) },
});

export const getRichInfo = route('GET', '/users/:uid/rich-info', {
  about: 'What a directory has told of a member: nothing, since none is connected.',
  auth: 'user',
  params: { uid: UserIdSchema },
  answers: {
    200: Type.Object({
      version: Type.Integer(),
      fields: Type.Array(Type.Object({ type: Type.String(), value: Type.String() })),
    }),
  },
});
