import type { TeamId, UserId } from '#contract/ids.ts';
import type { LegalholdStatuses } from '#contract/legalhold.ts';
import type { LegalholdStatus } from '#contract/profiles.ts';
import { adminSets, type Permissions } from '#contract/teams.ts';
import type { Reader, TeamMemberRow, Work } from '#storage';

/**
 * The table `team_member`: the one place that says who is in which team and what for. That an account carries its team
 * as well is for reading; both change in one unit of work.
 */

/** Somebody in a team. */
export interface Member {
  readonly team: TeamId;
  readonly user: UserId;
  readonly permissions: Permissions;
  /** Who has invited the member, and when; undefined for founders. */
  readonly invited: { readonly by: UserId; readonly at: number } | undefined;
  readonly legalholdStatus: LegalholdStatus;
}

/** Members of teams that are on their way out are members no more. */
function members(reader: Reader) {
  return reader
    .selectFrom('team_member')
    .innerJoin('team', 'team.id', 'team_member.team')
    .where('team.deleted_by', 'is', null)
    .selectAll('team_member');
}

export async function findMember(reader: Reader, team: TeamId, user: UserId): Promise<Member | undefined> {
  const row = await members(reader)
    .where('team_member.team', '=', team)
    .where('team_member.user_id', '=', user)
    .executeTakeFirst();
  return row && fromRow(row);
}

/** The membership of a user in whichever team. */
export async function findMembership(reader: Reader, user: UserId): Promise<Member | undefined> {
  const row = await members(reader).where('team_member.user_id', '=', user).executeTakeFirst();
  return row && fromRow(row);
}

/** Members in the order of their ids, from behind `after` on. */
export async function listMembers(
  reader: Reader,
  team: TeamId,
  limit: number,
  after = '',
): Promise<readonly Member[]> {
  const rows = await members(reader)
    .where('team_member.team', '=', team)
    .where('team_member.user_id', '>', after)
    .orderBy('team_member.user_id')
    .limit(limit)
    .execute();
  return rows.map(fromRow);
}

/** All members, some at a time: a team may have thousands. */
export async function* listAllMembers(
  reader: Reader,
  team: TeamId,
  atOnce = 1000,
): AsyncGenerator<readonly Member[]> {
  let page: readonly Member[] = [];
  do {
    page = await listMembers(reader, team, atOnce, page.at(-1)?.user);
    yield page;
  } while (page.length === atOnce);
}

/** Ids in one `in (…)`: SQLite bounds its variables. */
const idsPerQuery = 500;

/** Those of the users that are members. */
export async function listNamedMembers(
  reader: Reader,
  team: TeamId,
  users: readonly UserId[],
): Promise<readonly Member[]> {
  const distinct = [...new Set(users)].toSorted();
  const found: Member[] = [];
  for (let start = 0; start < distinct.length; start += idsPerQuery) {
    const some = distinct.slice(start, start + idsPerQuery);
    const rows = await members(reader)
      .where('team_member.team', '=', team)
      .where('team_member.user_id', 'in', some)
      .orderBy('team_member.user_id')
      .execute();
    for (const row of rows) found.push(fromRow(row));
  }
  return found;
}

/** Members who are under legal hold or about to be, some of them. */
export async function listHeldMembers(
  reader: Reader,
  team: TeamId,
  limit: number,
): Promise<readonly Member[]> {
  const rows = await members(reader)
    .where('team_member.team', '=', team)
    .where('team_member.legalhold_status', 'in', ['pending', 'enabled'])
    .limit(limit)
    .execute();
  return rows.map(fromRow);
}

/** How users stand to legal hold, in whichever teams they are. */
export async function listLegalholdStatuses(
  reader: Reader,
  users: readonly UserId[],
): Promise<LegalholdStatuses> {
  const distinct = [...new Set(users)];
  const statuses = new Map<UserId, LegalholdStatus>();
  for (let start = 0; start < distinct.length; start += idsPerQuery) {
    const rows = await members(reader)
      .where('team_member.user_id', 'in', distinct.slice(start, start + idsPerQuery))
      .execute();
    for (const { user, legalholdStatus } of rows.map(fromRow)) statuses.set(user, legalholdStatus);
  }
  return statuses;
}

/** Owners and admins. */
export async function listAdmins(reader: Reader, team: TeamId): Promise<readonly UserId[]> {
  const rows = await reader
    .selectFrom('team_member')
    .select('user_id')
    .where('team', '=', team)
    .where('permissions', 'in', [...adminSets])
    .execute();
  return rows.map((row) => row.user_id as UserId);
}

export async function countMembers(reader: Reader, team: TeamId): Promise<number> {
  const { count } = await reader
    .selectFrom('team_member')
    .select((select) => select.fn.countAll().as('count'))
    .where('team', '=', team)
    .executeTakeFirstOrThrow();
  return Number(count);
}

export async function addMember(work: Work, member: Member): Promise<void> {
  const row: TeamMemberRow = {
    team: member.team,
    user_id: member.user,
    permissions: member.permissions.self,
    copy_permissions: member.permissions.copy,
    created_by: member.invited?.by ?? null,
    created_at: member.invited?.at ?? null,
    legalhold_status: member.legalholdStatus,
  };
  await work.db.insertInto('team_member').values(row).execute();
}

/** Changes what a member may do. */
export async function setPermissions(
  work: Work,
  team: TeamId,
  user: UserId,
  { self, copy }: Permissions,
): Promise<void> {
  await work.db
    .updateTable('team_member')
    .set({ permissions: self, copy_permissions: copy })
    .where('team', '=', team)
    .where('user_id', '=', user)
    .execute();
}

/** Changes how a member stands to legal hold. */
export async function setLegalholdStatus(work: Work, user: UserId, status: LegalholdStatus): Promise<void> {
  await work.db
    .updateTable('team_member')
    .set({ legalhold_status: status })
    .where('user_id', '=', user)
    .execute();
}

/** Takes a user out of the team that it is in, also one that is on its way out; which team that was. */
export async function removeMember(work: Work, user: UserId): Promise<TeamId | undefined> {
  const row = await work.db
    .deleteFrom('team_member')
    .where('user_id', '=', user)
    .returning('team')
    .executeTakeFirst();
  return row?.team as TeamId | undefined;
}

function fromRow(row: TeamMemberRow): Member {
  const { created_by: by, created_at: at } = row;
  return {
    team: row.team as TeamId,
    user: row.user_id as UserId,
    permissions: { self: row.permissions, copy: row.copy_permissions },
    invited: by === null || at === null ? undefined : { by: by as UserId, at },
    legalholdStatus: row.legalhold_status as LegalholdStatus,
  };
}
