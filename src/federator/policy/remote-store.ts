import type { BackendDomain, TeamId } from '#contract/ids.ts';
import type { RemoteDomain, SearchPolicy } from '#contract/profiles.ts';
import type { Reader, RemoteRow, Work } from '#storage';

/** The rows of the list of remotes. Teams outlive a change to `allow_all`, as in wire-server, and count again after. */

type Listed = RemoteRow & { readonly team_id: string | null };

/** Every stored remote, by domain. */
export async function listRemotes(reader: Reader): Promise<readonly RemoteDomain[]> {
  return toRemotes(await selectRemotes(reader).execute());
}

export async function findRemote(reader: Reader, domain: BackendDomain): Promise<RemoteDomain | undefined> {
  const rows = await selectRemotes(reader).where('remote.domain', '=', domain).execute();
  return toRemotes(rows)[0];
}

export async function countRemotes(reader: Reader): Promise<number> {
  const row = await reader
    .selectFrom('remote')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return row.count;
}

/** Inserts or overwrites the entry, and adds its teams to those that are there. */
export async function putRemote(work: Work, remote: RemoteDomain): Promise<void> {
  const values = { search_policy: remote.search_policy, restriction: remote.restriction.tag };
  await work.db
    .insertInto('remote')
    .values({ domain: remote.domain, ...values })
    .onConflict((conflict) => conflict.column('domain').doUpdateSet(values))
    .execute();
  if (remote.restriction.tag === 'restrict_by_team')
    for (const team of remote.restriction.value) await addTeam(work, remote.domain, team);
}

export async function removeRemote(work: Work, domain: BackendDomain): Promise<void> {
  await work.db.deleteFrom('remote').where('domain', '=', domain).execute();
}

export async function listTeams(reader: Reader, domain: BackendDomain): Promise<readonly TeamId[]> {
  const rows = await reader
    .selectFrom('remote_team')
    .select('team_id')
    .where('domain', '=', domain)
    .orderBy('team_id')
    .execute();
  return rows.map((row) => row.team_id as TeamId);
}

export async function addTeam(work: Work, domain: BackendDomain, team: TeamId): Promise<void> {
  await work.db
    .insertInto('remote_team')
    .values({ domain, team_id: team })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function removeTeam(work: Work, domain: BackendDomain, team: TeamId): Promise<void> {
  await work.db.deleteFrom('remote_team').where('domain', '=', domain).where('team_id', '=', team).execute();
}

export async function removeTeams(work: Work, domain: BackendDomain): Promise<void> {
  await work.db.deleteFrom('remote_team').where('domain', '=', domain).execute();
}

/** One statement, so that remotes and teams are of one state. */
function selectRemotes(reader: Reader) {
  return reader
    .selectFrom('remote')
    .leftJoin('remote_team', 'remote_team.domain', 'remote.domain')
    .select(['remote.domain', 'remote.search_policy', 'remote.restriction', 'remote_team.team_id'])
    .orderBy('remote.domain')
    .orderBy('remote_team.team_id');
}

function toRemotes(rows: readonly Listed[]): readonly RemoteDomain[] {
  const teams = Map.groupBy(rows, (row) => row.domain);
  return rows
    .filter((row, index) => rows[index - 1]?.domain !== row.domain)
    .map((row) => toRemote(row, teamsOf(teams.get(row.domain) ?? [])));
}

function toRemote(row: RemoteRow, teams: TeamId[]): RemoteDomain {
  return {
    domain: row.domain as BackendDomain,
    search_policy: row.search_policy as SearchPolicy,
    restriction:
      row.restriction === 'allow_all'
        ? { tag: 'allow_all', value: null }
        : { tag: 'restrict_by_team', value: teams },
  };
}

function teamsOf(rows: readonly Listed[]): TeamId[] {
  return rows.flatMap((row) => (row.team_id === null ? [] : [row.team_id as TeamId]));
}
