import { maxListedMembers } from '#contract/client/teams.ts';
import type { TeamId } from '#contract/ids.ts';
import * as internal from '#contract/internal/teams.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { Storage } from '#storage';
import { removeInvitations } from '../invitations/invitation-store.ts';
import type { Join } from '../members/joining.ts';
import { findMembership, listAllMembers, listMembers } from '../members/member-store.ts';
import { viewOf } from '../members/member-view.ts';
import { readPermissions } from '../members/permission-sets.ts';
import type { TeamAccounts } from '../needs.ts';
import { lockTeam } from '../team-store.ts';

interface Needs {
  readonly storage: Storage;
  readonly accounts: () => Pick<TeamAccounts, 'setTeam' | 'setSuspended'>;
  readonly join: Join;
}

/** Teams on the operations listener (reference client-api 2.9). */
export function internalTeamRoutes(needs: Needs): readonly ServedRoute[] {
  return [...membershipRoutes(needs), ...suspensionRoutes(needs)];
}

function membershipRoutes({ storage, accounts, join }: Needs): readonly ServedRoute[] {
  const { reader } = storage;
  return [
    handle(internal.getInternalTeamMembers, async ({ params }) => {
      const found = await listMembers(reader, params.tid, maxListedMembers + 1);
      const members = found.slice(0, maxListedMembers).map((member) => viewOf(member, member));
      return { status: 200, body: { members, hasMore: found.length > maxListedMembers } };
    }),
    handle(internal.addTeamMember, async ({ params: { tid: team }, body: { member } }) => {
      const permissions = readPermissions(member.permissions);
      await storage.work(async (work) => {
        if ((await lockTeam(work, team)) === undefined) throw refuse('no-team');
        await accounts().setTeam(work, member.user, team);
        await join(work, { team, user: member.user, permissions, invited: undefined });
      });
      return { status: 200 };
    }),
    handle(internal.getTeamOfUser, async ({ params }) => {
      const membership = await findMembership(reader, params.uid);
      if (membership === undefined) throw refuse('no-team');
      return { status: 200, body: membership.team };
    }),
  ];
}

function suspensionRoutes({ storage, accounts }: Needs): readonly ServedRoute[] {
  /** An account after the other; asked again it goes on. */
  async function setSuspended(team: TeamId, suspended: boolean): Promise<void> {
    for await (const page of listAllMembers(storage.reader, team)) {
      for (const { user } of page) await accounts().setSuspended(user, suspended);
    }
  }
  return [
    handle(internal.suspendTeam, async ({ params }) => {
      await storage.work((work) => removeInvitations(work, params.tid));
      await setSuspended(params.tid, true);
      return { status: 200 };
    }),
    handle(internal.unsuspendTeam, async ({ params }) => {
      await setSuspended(params.tid, false);
      return { status: 200 };
    }),
  ];
}
