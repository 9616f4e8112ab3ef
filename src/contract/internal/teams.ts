import { Type } from 'typebox';
import { route } from '../route.ts';
import { TeamIdSchema } from '../schema.ts';

/** Teams on the operations listener (reference client-api 2.9). */

export const getInvitationCode = route('GET', '/i/teams/invitation-code', {
  about: 'The code that an invitation was mailed with.',
  auth: 'internal',
  query: { team: TeamIdSchema, invitation_id: Type.String({ format: 'uuid' }) },
  answers: { 200: Type.Object({ code: Type.String() }) },
});
