import { Type } from 'typebox';
import { route } from '../route.ts';
import { TeamIdSchema, UserIdSchema } from '../schema.ts';
import { Permissions, TeamMember } from '../teams.ts';

/** Teams on the operations listener (reference client-api 2.9). */

export const getInvitationCode = route('GET', '/i/teams/invitation-code', {
  about: 'The code that an invitation was mailed with.',
  auth: 'internal',
  query: { team: TeamIdSchema, invitation_id: Type.String({ format: 'uuid' }) },
  answers: { 200: Type.Object({ code: Type.String() }) },
});

const team = { tid: TeamIdSchema };

export const getInternalTeamMembers = route('GET', '/i/teams/:tid/members', {
  about: 'The members of a team with their permissions, at most 2000.',
  auth: 'internal',
  params: team,
  answers: { 200: Type.Object({ members: Type.Array(TeamMember), hasMore: Type.Boolean() }) },
});

export const addTeamMember = route('POST', '/i/teams/:tid/members', {
  about: 'Puts a user who has no team into one.',
  auth: 'internal',
  params: team,
  body: Type.Object({ member: Type.Object({ user: UserIdSchema, permissions: Permissions }) }),
  answers: { 200: null },
});

export const getTeamOfUser = route('GET', '/i/users/:uid/team', {
  about: 'The team that a user is in.',
  auth: 'internal',
  params: { uid: UserIdSchema },
  answers: { 200: TeamIdSchema },
});

export const suspendTeam = route('POST', '/i/teams/:tid/suspend', {
  about: 'Suspends the accounts of all members, and takes open invitations back.',
  auth: 'internal',
  params: team,
  answers: { 200: null },
});

export const unsuspendTeam = route('POST', '/i/teams/:tid/unsuspend', {
  about: 'Lifts the suspension of all members.',
  auth: 'internal',
  params: team,
  answers: { 200: null },
});
