import type { Service, ServiceProfile } from '#contract/client/services.ts';
import type { ProviderId, ServiceId, TeamId } from '#contract/ids.ts';
import type { Reader, ServiceRow, Work } from '#storage';

/** Rows of services and of the teams that let them in. */

export async function findService(
  reader: Reader,
  provider: ProviderId,
  id: ServiceId,
): Promise<ServiceRow | undefined> {
  return await reader
    .selectFrom('service')
    .selectAll()
    .where('id', '=', id)
    .where('provider', '=', provider)
    .executeTakeFirst();
}

/** A service, whoever provides it. */
export async function findServiceById(reader: Reader, id: string): Promise<ServiceRow | undefined> {
  return await reader.selectFrom('service').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function listServicesOf(reader: Reader, provider: ProviderId): Promise<readonly ServiceRow[]> {
  return await reader
    .selectFrom('service')
    .selectAll()
    .where('provider', '=', provider)
    .orderBy('name_key')
    .orderBy('id')
    .execute();
}

/** Services that can be used whose names begin there or come later, by name. */
export async function listEnabled(
  reader: Reader,
  from: string,
  limit: number,
): Promise<readonly ServiceRow[]> {
  return await reader
    .selectFrom('service')
    .selectAll()
    .where('enabled', '=', 1)
    .where('name_key', '>=', nameKey(from))
    .orderBy('name_key')
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** What names are compared by. */
export function nameKey(name: string): string {
  return name.toLowerCase();
}

export async function insertService(work: Work, row: ServiceRow): Promise<void> {
  await work.db.insertInto('service').values(row).execute();
}

/** Changes columns; false when there is no such service. */
export async function changeService(
  work: Work,
  provider: ProviderId,
  id: ServiceId,
  change: Partial<ServiceRow>,
): Promise<boolean> {
  const rows = await work.db
    .updateTable('service')
    .set({ id, ...change })
    .where('id', '=', id)
    .where('provider', '=', provider)
    .returning('id')
    .execute();
  return rows.length > 0;
}

/** Takes a service away with all that lets it in. */
export async function removeService(work: Work, id: ServiceId): Promise<void> {
  await work.db.deleteFrom('service_whitelist').where('service', '=', id).execute();
  await work.db.deleteFrom('service').where('id', '=', id).execute();
}

export async function isWhitelisted(reader: Reader, team: TeamId, service: string): Promise<boolean> {
  const row = await reader
    .selectFrom('service_whitelist')
    .select('service')
    .where('team', '=', team)
    .where('service', '=', service)
    .executeTakeFirst();
  return row !== undefined;
}

/** The services that a team lets in, by name. */
export async function listWhitelisted(reader: Reader, team: TeamId): Promise<readonly ServiceRow[]> {
  return await reader
    .selectFrom('service_whitelist')
    .innerJoin('service', 'service.id', 'service_whitelist.service')
    .selectAll('service')
    .where('service_whitelist.team', '=', team)
    .orderBy('service.name_key')
    .orderBy('service.id')
    .execute();
}

/** Returns false when it was let in before. */
export async function addToWhitelist(work: Work, team: TeamId, service: ServiceId): Promise<boolean> {
  const rows = await work.db
    .insertInto('service_whitelist')
    .values({ team, service })
    .onConflict((conflict) => conflict.doNothing())
    .returning('service')
    .execute();
  return rows.length > 0;
}

/** Returns false when it was not let in. */
export async function removeFromWhitelist(work: Work, team: TeamId, service: ServiceId): Promise<boolean> {
  const rows = await work.db
    .deleteFrom('service_whitelist')
    .where('team', '=', team)
    .where('service', '=', service)
    .returning('service')
    .execute();
  return rows.length > 0;
}

/** As its provider sees it. Columns of JSON were validated when they were written. */
export function serviceOf(row: ServiceRow): Service {
  return {
    ...shared(row),
    base_url: row.base_url,
    auth_tokens: JSON.parse(row.auth_tokens) as string[],
    public_keys: JSON.parse(row.public_keys) as Service['public_keys'],
  };
}

/** As users see it. */
export function serviceProfileOf(row: ServiceRow): ServiceProfile {
  return { ...shared(row), provider: row.provider as ProviderId };
}

function shared(row: ServiceRow) {
  return {
    id: row.id as ServiceId,
    name: row.name,
    summary: row.summary,
    description: row.description,
    assets: JSON.parse(row.assets) as Service['assets'],
    tags: JSON.parse(row.tags) as Service['tags'],
    enabled: row.enabled === 1,
  };
}
