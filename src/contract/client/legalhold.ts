import { Type } from 'typebox';
import { Prekey } from '../devices.ts';
import { LegalholdStatus } from '../profiles.ts';
import { route } from '../route.ts';
import { ClientIdSchema, TeamIdSchema, UserIdSchema } from '../schema.ts';
import { KnownPassword } from './registration.ts';

/** Legal hold of teams (reference client-api 9.4). */

const team = { tid: TeamIdSchema };
const member = { tid: TeamIdSchema, uid: UserIdSchema };
const Proof = Type.Object({ password: Type.Optional(KnownPassword) });

/** Where a team's legal hold service is, and how each side knows the other. */
const service = {
  base_url: Type.String({ pattern: '^https://[^?#@\\s]+$', maxLength: 2048, description: 'an https:// URL' }),
  /** RSA, PEM. */
  public_key: Type.String({ minLength: 1, maxLength: 16_384 }),
  auth_token: Type.String({ pattern: '^[!-~]{1,1024}$', description: 'up to 1024 characters of ASCII' }),
};

export const NewLegalholdService = Type.Object(service);
export type NewLegalholdService = Type.Static<typeof NewLegalholdService>;

export const LegalholdService = Type.Object({
  team_id: TeamIdSchema,
  ...service,
  fingerprint: Type.String(),
});
export type LegalholdService = Type.Static<typeof LegalholdService>;

export const LegalholdServiceView = Type.Object({
  status: Type.Union([Type.Literal('configured'), Type.Literal('not_configured'), Type.Literal('disabled')]),
  /** When it is configured. */
  settings: Type.Optional(LegalholdService),
});
export type LegalholdServiceView = Type.Static<typeof LegalholdServiceView>;

export const LegalholdStatusView = Type.Object({
  status: LegalholdStatus,
  /** The device that waits for approval, or is in use. */
  client: Type.Optional(Type.Object({ id: ClientIdSchema })),
  last_prekey: Type.Optional(Prekey),
});
export type LegalholdStatusView = Type.Static<typeof LegalholdStatusView>;

export const createLegalholdSettings = route('POST', '/teams/:tid/legalhold/settings', {
  about: 'Registers the legal hold service of a team, which must answer with its key.',
  auth: 'user',
  params: team,
  body: NewLegalholdService,
  answers: { 201: LegalholdServiceView },
});

export const getLegalholdSettings = route('GET', '/teams/:tid/legalhold/settings', {
  about: 'The legal hold service of a team.',
  auth: 'user',
  params: team,
  answers: { 200: LegalholdServiceView },
});

export const deleteLegalholdSettings = route('DELETE', '/teams/:tid/legalhold/settings', {
  about: 'Ends legal hold of all members of a team, and forgets its service.',
  auth: 'user',
  params: team,
  body: Proof,
  answers: { 204: null },
});

export const consentToLegalhold = route('POST', '/teams/:tid/legalhold/consent', {
  about: 'Agrees to be with people under legal hold, and to be put under it.',
  auth: 'user',
  params: team,
  answers: { 201: null, 204: null },
});

export const getLegalholdStatus = route('GET', '/teams/:tid/legalhold/:uid', {
  about: 'How a member of a team stands to legal hold.',
  auth: 'user',
  params: member,
  answers: { 200: LegalholdStatusView },
});

export const requestLegalholdDevice = route('POST', '/teams/:tid/legalhold/:uid', {
  about: 'Asks the legal hold service for a device, and the member for its approval.',
  auth: 'user',
  params: member,
  answers: { 201: null, 204: null },
});

export const approveLegalholdDevice = route('PUT', '/teams/:tid/legalhold/:uid/approve', {
  about: 'Adds the requested legal hold device to the own ones.',
  auth: 'user',
  params: member,
  body: Proof,
  answers: { 200: null },
});

export const disableLegalhold = route('DELETE', '/teams/:tid/legalhold/:uid', {
  about: 'Ends legal hold of a member.',
  auth: 'user',
  params: member,
  body: Proof,
  answers: { 200: null, 204: null },
});
