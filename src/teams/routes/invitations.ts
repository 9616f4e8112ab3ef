import * as client from '#contract/client/team-invitations.ts';
import { getInvitationCode } from '#contract/internal/teams.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { Storage } from '#storage';
import { findInvitation, findInvitationByCode, listInvitingTeams } from '../invitations/invitation-store.ts';
import { type Invitations, viewOf } from '../invitations/invitations.ts';
import type { TeamAccounts } from '../needs.ts';

interface Needs {
  readonly storage: Pick<Storage, 'reader'>;
  readonly accounts: () => TeamAccounts;
  readonly invitations: Invitations;
  readonly now: () => number;
}

/** Invitations, for who sends them and for who gets them (reference client-api 9.3). */
export function invitationRoutes(needs: Needs): readonly ServedRoute[] {
  return [...sendingRoutes(needs), ...gettingRoutes(needs)];
}

function sendingRoutes({ invitations }: Needs): readonly ServedRoute[] {
  return [
    handle(client.createInvitation, async ({ user, params, body }) => {
      const invitation = await invitations.invite(user.userId, params.tid, body);
      const location = `/teams/${invitation.team}/invitations/${invitation.id}`;
      return { status: 201, headers: { location }, body: invitation };
    }),
    handle(client.getInvitations, async ({ user, params, query }) => {
      const range = { after: query.start?.toLowerCase() ?? '', limit: readSize(query.size) };
      const { invitations: list, hasMore } = await invitations.list(user.userId, params.tid, range);
      return { status: 200, body: { invitations: list, has_more: hasMore } };
    }),
    handle(client.getInvitation, async ({ user, params }) => ({
      status: 200,
      body: await invitations.get(user.userId, params.tid, params.iid.toLowerCase()),
    })),
    handle(client.deleteInvitation, async ({ user, params }) => {
      await invitations.remove(user.userId, params.tid, params.iid.toLowerCase());
      return { status: 200 };
    }),
  ];
}

function gettingRoutes({ storage: { reader }, accounts, now }: Needs): readonly ServedRoute[] {
  return [
    handle(client.getInvitationInfo, async ({ query }) => {
      const row = await findInvitationByCode(reader, query.code, now());
      if (row === undefined) throw refuse('invalid-invitation-code');
      return { status: 200, body: viewOf(row) };
    }),
    handle(client.headInvitationByEmail, async ({ query }) => {
      const { size } = await listInvitingTeams(reader, accounts().readEmail(query.email).key, now());
      if (size === 0) throw refuse('not-found:invitation-for-email');
      if (size > 1) throw refuse('conflicting-invitations');
      return { status: 200 };
    }),
  ];
}

/** For operators' tools, which read no mail. */
export function internalInvitationRoutes({ storage: { reader }, now }: Needs): readonly ServedRoute[] {
  return [
    handle(getInvitationCode, async ({ query }) => {
      const row = await findInvitation(reader, query.team, query.invitation_id.toLowerCase(), now());
      if (row === undefined) throw refuse('invalid-invitation-code');
      return { status: 200, body: { code: row.code } };
    }),
  ];
}

function readSize(text: string | undefined): number {
  const { max, default: standard } = client.listedInvitations;
  const size = text === undefined ? standard : Number(text);
  if (size >= 1 && size <= max) return size;
  throw refuse('bad-request', { message: `query.size: found ${text}, expected a number from 1 to ${max}` });
}
