import type { Feature, FeatureName, FeatureStatus, LockStatus } from '#contract/features.ts';
import { features } from '#contract/features.ts';
import type { TeamId } from '#contract/ids.ts';
import type { Reader, TeamFeatureRow, Work } from '#storage';

/** What a feature is when nobody has set it. */
export function defaultFeature(name: FeatureName): Feature {
  const { status, lockStatus, defaultConfig } = features[name];
  return toFeature(status, lockStatus, defaultConfig);
}

export async function listSet(reader: Reader, team: TeamId): Promise<ReadonlyMap<string, Feature>> {
  const rows = await reader.selectFrom('team_feature').selectAll().where('team', '=', team).execute();
  return new Map(rows.map((row) => [row.feature, fromRow(row)]));
}

/** As it was set, or else as it is by default. */
export async function findFeature(
  reader: Reader,
  team: TeamId,
  name: FeatureName,
  initial: (name: FeatureName) => Feature = defaultFeature,
): Promise<Feature> {
  const row = await reader
    .selectFrom('team_feature')
    .selectAll()
    .where('team', '=', team)
    .where('feature', '=', name)
    .executeTakeFirst();
  return row === undefined ? initial(name) : fromRow(row);
}

export async function putFeature(
  work: Work,
  team: TeamId,
  name: FeatureName,
  { status, lockStatus, config }: Feature,
): Promise<void> {
  const values = {
    status,
    lock_status: lockStatus,
    config: config === undefined ? null : JSON.stringify(config),
  };
  await work.db
    .insertInto('team_feature')
    .values({ team, feature: name, ...values })
    .onConflict((conflict) => conflict.columns(['team', 'feature']).doUpdateSet(values))
    .execute();
}

function fromRow(row: TeamFeatureRow): Feature {
  const stored: unknown = row.config === null ? null : JSON.parse(row.config);
  const config = stored ?? features[row.feature as FeatureName].defaultConfig;
  return toFeature(row.status as FeatureStatus, row.lock_status as LockStatus, config);
}

function toFeature(status: FeatureStatus, lockStatus: LockStatus, config: unknown): Feature {
  return { status, lockStatus, ttl: 'unlimited', ...(config === null ? {} : { config }) };
}
