/** Tables of the teams part. */

/** A feature flag of a team that was set. Owner: teams. */
export interface TeamFeatureRow {
  team: string;
  feature: string;
  /** `enabled` or `disabled`. */
  status: string;
  /** `locked` or `unlocked`. */
  lock_status: string;
  /** JSON; null: the default, or the feature has none. */
  config: string | null;
}

export interface TeamTables {
  team_feature: TeamFeatureRow;
}
