import * as client from '#contract/client/team-mates.ts';
import type { UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { AccountRow, Reader } from '#storage';
import type { EmailChange } from '../accounts/email-change.ts';
import type { AccountTeams } from '../accounts/team-needs.ts';
import { teamOf } from '../users/profile.ts';
import { findAccount } from '../users/user-store.ts';

export interface TeamMateRouteNeeds {
  readonly reader: Reader;
  readonly teams: Pick<AccountTeams, 'mayChangeProfiles'>;
  readonly emailChange: EmailChange;
}

/** What members of a team may see and change of each other; as wire-server has it, where the reference is silent. */
export function teamMateRoutes({ reader, teams, emailChange }: TeamMateRouteNeeds): readonly ServedRoute[] {
  return [
    handle(client.putUserEmail, async ({ user, params, body }) => {
      const team = await findTeamOf(reader, user.userId);
      if (team === undefined || !(await teams.mayChangeProfiles(reader, team, user.userId))) {
        throw refuse('insufficient-permissions');
      }
      if ((await findTeamOf(reader, params.uid)) !== team) throw refuse('not-found:user');
      await emailChange.request(params.uid, body.email, 'admin');
      return { status: 200, body: [] };
    }),
    handle(client.getRichInfo, async ({ user, params }) => {
      const own = teamOf(await getAccount(reader, user.userId));
      const other = teamOf(await getAccount(reader, params.uid));
      if (own === undefined || own !== other) throw refuse('insufficient-permissions');
      return { status: 200, body: { version: 0, fields: [] } };
    }),
  ];
}

async function findTeamOf(reader: Reader, userId: UserId) {
  const account = await findAccount(reader, userId);
  return account === undefined || account.status === 'deleted' ? undefined : teamOf(account);
}

async function getAccount(reader: Reader, userId: UserId): Promise<AccountRow> {
  const account = await findAccount(reader, userId);
  if (account === undefined || account.status === 'deleted') throw refuse('not-found:user');
  return account;
}
