import { Type } from 'typebox';
import { RemoteDomain } from '../profiles.ts';
import { route } from '../route.ts';
import { Domain, TeamIdSchema } from '../schema.ts';

/**
 * The list of remote backends on the operations listener (reference federation-api 2.3). Removing a remote is ours;
 * paths, bodies and failures of the others are wire-server's.
 */

/** `[]`: what wire-server answers to a change. */
const Done = Type.Array(Type.Unknown(), { maxItems: 0 });

export const FederationStrategy = Type.Union([
  Type.Literal('allowNone'),
  Type.Literal('allowDynamic'),
  Type.Literal('allowAll'),
]);

export const RemoteDomains = Type.Object({
  strategy: FederationStrategy,
  remotes: Type.Array(RemoteDomain),
  /** Seconds between two looks of wire-server's other services at this list; nothing here depends on it. */
  update_interval: Type.Integer(),
});
export type RemoteDomains = Type.Static<typeof RemoteDomains>;

export const RemoteTeam = Type.Object({ team_id: TeamIdSchema });

export const getRemotes = route('GET', '/i/federation/remotes', {
  about: 'The federation strategy and every listed remote backend.',
  auth: 'internal',
  answers: { 200: RemoteDomains },
});

export const addRemote = route('POST', '/i/federation/remotes', {
  about: 'Lists a remote backend, or changes its entry; teams are added to those it has.',
  auth: 'internal',
  body: RemoteDomain,
  answers: { 200: Done },
});

export const replaceRemote = route('PUT', '/i/federation/remotes/:domain', {
  about: 'Replaces the entry of a remote backend, its teams included.',
  auth: 'internal',
  params: { domain: Domain },
  body: RemoteDomain,
  answers: { 200: Done },
});

export const removeRemote = route('DELETE', '/i/federation/remotes/:domain', {
  about: 'Takes a remote backend off the list, also when it is not on it.',
  auth: 'internal',
  params: { domain: Domain },
  answers: { 200: Done },
});

export const getRemoteTeams = route('GET', '/i/federation/remotes/:domain/teams', {
  about: 'The teams of a remote backend that federation with it is restricted to.',
  auth: 'internal',
  params: { domain: Domain },
  answers: { 200: Type.Array(RemoteTeam) },
});

export const addRemoteTeam = route('POST', '/i/federation/remotes/:domain/teams', {
  about: 'Adds a team of a remote backend that is restricted by team.',
  auth: 'internal',
  params: { domain: Domain },
  body: RemoteTeam,
  answers: { 200: Done },
});

export const removeRemoteTeam = route('DELETE', '/i/federation/remotes/:domain/teams/:team', {
  about: 'Removes a team of a remote backend, also when it is not listed.',
  auth: 'internal',
  params: { domain: Domain, team: TeamIdSchema },
  answers: { 200: Done },
});
