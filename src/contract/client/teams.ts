import { Type } from 'typebox';
import { route } from '../route.ts';
import { StreamedBytes, TeamIdSchema, UserIdSchema } from '../schema.ts';
import { Permissions, SearchVisibility, Team, TeamMember } from '../teams.ts';
import { KnownPassword, TeamText } from './registration.ts';

/** Teams and their members (reference client-api 9.3). */

const team = { tid: TeamIdSchema };
const member = { tid: TeamIdSchema, uid: UserIdSchema };

export const TeamUpdate = Type.Object({
  name: Type.Optional(TeamText),
  icon: Type.Optional(TeamText),
  icon_key: Type.Optional(TeamText),
  splash_screen: Type.Optional(TeamText),
});
export type TeamUpdate = Type.Static<typeof TeamUpdate>;

export const getTeam = route('GET', '/teams/:tid', {
  about: "One's team.",
  auth: 'user',
  params: team,
  answers: { 200: Team },
});

export const putTeam = route('PUT', '/teams/:tid', {
  about: 'Changes name and icons of a team.',
  auth: 'user',
  params: team,
  body: TeamUpdate,
  answers: { 200: null },
});

export const deleteTeam = route('DELETE', '/teams/:tid', {
  about: 'Deletes a team with its conversations and the accounts of all its members, after the answer.',
  auth: 'user',
  params: team,
  body: Type.Object({
    password: Type.Optional(KnownPassword),
    verification_code: Type.Optional(Type.String({ maxLength: 64 })),
  }),
  answers: { 202: null },
});

/** Most members in one answer. */
export const maxListedMembers = 2000;
const maxResults = Type.Optional(
  Type.String({ pattern: '^[0-9]{1,4}$', description: `a number from 1 to ${maxListedMembers}` }),
);

export const getTeamMembers = route('GET', '/teams/:tid/members', {
  about: 'Pages through the members of a team; partners see themselves and who has invited them.',
  auth: 'user',
  params: team,
  query: { maxResults, pagingState: Type.Optional(Type.String({ maxLength: 1000 })) },
  answers: {
    200: Type.Object({
      members: Type.Array(TeamMember),
      hasMore: Type.Boolean(),
      pagingState: Type.String(),
    }),
  },
});

export const getTeamMembersByIds = route('POST', '/teams/:tid/get-members-by-ids-using-post', {
  about: 'Those of the users that are members of the team.',
  auth: 'user',
  params: team,
  query: { maxResults },
  body: Type.Object({ user_ids: Type.Array(UserIdSchema, { maxItems: 100_000 }) }),
  answers: { 200: Type.Object({ members: Type.Array(TeamMember), hasMore: Type.Boolean() }) },
});

export const getTeamMember = route('GET', '/teams/:tid/members/:uid', {
  about: 'A member of a team.',
  auth: 'user',
  params: member,
  answers: { 200: TeamMember },
});

export const getTeamMembersTable = route('GET', '/teams/:tid/members/csv', {
  about: 'All members of a team as comma-separated values, for its admins.',
  auth: 'user',
  params: team,
  answers: { 200: StreamedBytes },
});

export const putTeamMember = route('PUT', '/teams/:tid/members', {
  about: 'Changes what a member of a team may do.',
  auth: 'user',
  params: team,
  body: Type.Object({ member: Type.Object({ user: UserIdSchema, permissions: Permissions }) }),
  answers: { 200: null },
});

export const deleteTeamMember = route('DELETE', '/teams/:tid/members/:uid', {
  about: 'Takes a member out of the team, which deletes its account.',
  auth: 'user',
  params: member,
  body: Type.Object({ password: Type.Optional(KnownPassword) }),
  answers: { 202: null },
});

export const getTeamSize = route('GET', '/teams/:tid/size', {
  about: 'How many members a team has.',
  auth: 'user',
  params: team,
  answers: { 200: Type.Object({ teamSize: Type.Integer() }) },
});

const TeamSearchVisibility = Type.Object({ search_visibility: SearchVisibility });

export const getSearchVisibility = route('GET', '/teams/:tid/search-visibility', {
  about: 'Whom the members of a team find by name.',
  auth: 'user',
  params: team,
  answers: { 200: TeamSearchVisibility },
});

export const putSearchVisibility = route('PUT', '/teams/:tid/search-visibility', {
  about: 'Sets whom the members of a team find by name, when the feature `searchVisibility` is on.',
  auth: 'user',
  params: team,
  body: TeamSearchVisibility,
  answers: { 204: null },
});
