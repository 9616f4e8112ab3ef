import * as client from '#contract/client/teams.ts';
import { refuse } from '#contract/refusal.ts';
import { type AuthenticatedUser, handle, type ServedRoute } from '#contract/route.ts';
import type { Storage } from '#storage';
import type { DeletionRequests } from '../deletion/deletion-requests.ts';
import type { TeamChanges } from '../founding/team-changes.ts';
import { getInviter } from '../members/checks.ts';
import type { ActingMember, MemberChanges } from '../members/member-changes.ts';
import type { MemberExport } from '../members/member-export.ts';
import type { MemberList } from '../members/member-list.ts';
import { countMembers, findMember } from '../members/member-store.ts';
import { findTeam } from '../team-store.ts';

interface Needs {
  readonly storage: Pick<Storage, 'reader'>;
  readonly teamChanges: TeamChanges;
  readonly memberList: MemberList;
  readonly memberExport: MemberExport;
  readonly memberChanges: MemberChanges;
  readonly deletionRequests: DeletionRequests;
}

/** Teams and their members (reference client-api 9.3). */
export function teamRoutes(needs: Needs): readonly ServedRoute[] {
  return [...ownTeamRoutes(needs), ...memberRoutes(needs), ...deletionRoutes(needs)];
}

function ownTeamRoutes({ storage: { reader }, teamChanges }: Needs): readonly ServedRoute[] {
  return [
    handle(client.getTeam, async ({ user, params }) => {
      const member = await findMember(reader, params.tid, user.userId);
      const team = member && (await findTeam(reader, params.tid));
      if (team === undefined) throw refuse('no-team');
      return { status: 200, body: team };
    }),
    handle(client.putTeam, async ({ user, params, body }) => {
      await teamChanges.update(actorOf(user), params.tid, body);
      return { status: 200 };
    }),
    handle(client.getTeamSize, async ({ user, params }) => {
      await getInviter(reader, params.tid, user.userId);
      return { status: 200, body: { teamSize: await countMembers(reader, params.tid) } };
    }),
  ];
}

function memberRoutes({ memberList, memberExport, memberChanges }: Needs): readonly ServedRoute[] {
  return [
    handle(client.getTeamMembers, async ({ user, params, query }) => {
      const limit = readMaxResults(query.maxResults);
      const body = await memberList.page(user.userId, params.tid, limit, query.pagingState);
      return { status: 200, body };
    }),
    handle(client.getTeamMember, async ({ user, params }) => ({
      status: 200,
      body: await memberList.get(user.userId, params.tid, params.uid),
    })),
    handle(client.getTeamMembersByIds, async ({ user, params, query, body }) => {
      const most = readMaxResults(query.maxResults);
      if (body.user_ids.length > most) {
        throw refuse('too-many-uids', { message: `Can only process ${most} user ids per request.` });
      }
      const members = await memberList.listNamed(user.userId, params.tid, body.user_ids);
      return { status: 200, body: { members, hasMore: false } };
    }),
    handle(client.getTeamMembersTable, async ({ user, params }) => ({
      status: 200,
      headers: {
        'content-type': 'text/csv',
        'content-disposition': 'attachment; filename="wire_team_members.csv"',
      },
      body: await memberExport.open(user.userId, params.tid),
    })),
    handle(client.putTeamMember, async ({ user, params, body: { member } }) => {
      await memberChanges.setPermissions(actorOf(user), params.tid, member.user, member.permissions);
      return { status: 200 };
    }),
  ];
}

function deletionRoutes({ deletionRequests }: Needs): readonly ServedRoute[] {
  return [
    handle(client.deleteTeamMember, async ({ user, params, body }) => {
      await deletionRequests.removeMember(user.userId, params.tid, params.uid, body.password);
      return { status: 202 };
    }),
    handle(client.deleteTeam, async ({ user, params, body }) => {
      const { password, verification_code: code } = body;
      await deletionRequests.removeTeam(user.userId, params.tid, { password, code });
      return { status: 202 };
    }),
  ];
}

/** The user behind a request as one whose own session gets the answer and no event. */
function actorOf({ userId, connectionId }: AuthenticatedUser): ActingMember {
  return { user: userId, connectionId };
}

function readMaxResults(text: string | undefined): number {
  const number = text === undefined ? client.maxListedMembers : Number(text);
  if (number >= 1 && number <= client.maxListedMembers) return number;
  throw refuse('bad-request', {
    message: `query.maxResults: found ${text}, expected a number from 1 to ${client.maxListedMembers}`,
  });
}
