import { route } from '../route.ts';
import { TeamIdSchema } from '../schema.ts';

/** Which teams have legal hold where operators list them (reference client-api 2.9). */

const team = { tid: TeamIdSchema };

export const listLegalholdTeam = route('PUT', '/i/legalhold/whitelisted-teams/:tid', {
  about: 'Lets a team have legal hold; all of its members consent.',
  auth: 'internal',
  params: team,
  answers: { 200: null },
});

export const unlistLegalholdTeam = route('DELETE', '/i/legalhold/whitelisted-teams/:tid', {
  about: 'Lets no further member of a team be put under legal hold.',
  auth: 'internal',
  params: team,
  answers: { 204: null },
});

export const getListedLegalholdTeam = route('GET', '/i/legalhold/whitelisted-teams/:tid', {
  about: 'Whether a team is listed.',
  auth: 'internal',
  params: team,
  answers: { 200: null, 404: null },
});
