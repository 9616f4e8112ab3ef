import { Type } from 'typebox';
import { route } from '../route.ts';
import { TeamIdSchema, UserIdSchema, UtcMillis } from '../schema.ts';
import { TeamRoleSchema } from '../teams.ts';
import { Locale, UserName } from './registration.ts';

/** Asking people into a team (reference client-api 9.3). They accept by `POST /register` with the code of the mail. */

const team = { tid: TeamIdSchema };
const InvitationId = Type.String({ format: 'uuid' });
const invitation = { tid: TeamIdSchema, iid: InvitationId };
const Code = Type.String({ maxLength: 512 });

export const Invitation = Type.Object({
  team: TeamIdSchema,
  id: InvitationId,
  role: TeamRoleSchema,
  created_at: UtcMillis,
  created_by: Type.Optional(UserIdSchema),
  email: Type.String(),
  name: Type.Optional(UserName),
  /** Only where the team's admins may see the link that was mailed. */
  url: Type.Optional(Type.String()),
});
export type Invitation = Type.Static<typeof Invitation>;

export const InvitationRequest = Type.Object({
  /** Longer addresses are refused as invalid e-mails by the handler; this only bounds the work. */
  email: Type.String({ maxLength: 1024 }),
  role: Type.Optional(TeamRoleSchema),
  name: Type.Optional(UserName),
  locale: Type.Optional(Locale),
});
export type InvitationRequest = Type.Static<typeof InvitationRequest>;

export const createInvitation = route('POST', '/teams/:tid/invitations', {
  about: 'Mails somebody an invitation to join a team.',
  auth: 'user',
  params: team,
  body: InvitationRequest,
  answers: { 201: Invitation },
});

/** Most invitations in one answer, and how many there are when `size` is not given. */
export const listedInvitations = { max: 500, default: 100 } as const;

export const getInvitations = route('GET', '/teams/:tid/invitations', {
  about: 'The open invitations of a team, by their ids from behind `start` on.',
  auth: 'user',
  params: team,
  query: {
    start: Type.Optional(InvitationId),
    size: Type.Optional(Type.String({ pattern: '^[0-9]{1,3}$', description: 'a number from 1 to 500' })),
  },
  answers: { 200: Type.Object({ invitations: Type.Array(Invitation), has_more: Type.Boolean() }) },
});

export const getInvitation = route('GET', '/teams/:tid/invitations/:iid', {
  about: 'An open invitation of a team.',
  auth: 'user',
  params: invitation,
  answers: { 200: Invitation },
});

export const deleteInvitation = route('DELETE', '/teams/:tid/invitations/:iid', {
  about: 'Takes an invitation back.',
  auth: 'user',
  params: invitation,
  answers: { 200: null },
});

export const getInvitationInfo = route('GET', '/teams/invitations/info', {
  about: 'What a mailed code invites to.',
  auth: 'anyone',
  query: { code: Code },
  answers: { 200: Invitation },
});

export const headInvitationByEmail = route('HEAD', '/teams/invitations/by-email', {
  about: 'Whether an e-mail address is invited: to one team (200), none (404) or several (409).',
  auth: 'anyone',
  query: { email: Type.String({ maxLength: 1024 }) },
  answers: { 200: null },
});
