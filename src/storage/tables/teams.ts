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

/** A team. Owner: teams. */
export interface TeamRow {
  id: string;
  creator: string;
  name: string;
  icon: string;
  icon_key: string | null;
  splash_screen: string;
  /** `standard` or `no-name-outside-team`. */
  search_visibility: string;
  /** Who has deleted it: its conversations and members are on their way out, and nobody may use it any more. */
  deleted_by: string | null;
}

/** Who is in a team, in at most one. Owner: teams. */
export interface TeamMemberRow {
  team: string;
  user_id: string;
  /** What the member may do, and what it may let others do: sets of bits. */
  permissions: number;
  copy_permissions: number;
  /** Who has invited the member, and when; null for founders. */
  created_by: string | null;
  created_at: number | null;
  /** `no_consent`, `disabled`, `pending` or `enabled`. */
  legalhold_status: string;
}

/** Who is asked to join a team. Owner: teams. */
export interface TeamInvitationRow {
  team: string;
  id: string;
  code: string;
  email: string;
  email_key: string;
  name: string | null;
  /** `owner`, `admin`, `member` or `partner`. */
  role: string;
  created_by: string;
  created_at: number;
  expires_at: number;
}

/** An event of a team's own queue, for who was away. Owner: teams. */
export interface TeamNotificationRow {
  team: string;
  /** Microseconds since 1970, no two alike in a team. */
  at: number;
  /** JSON. */
  event: string;
}

/** The legal hold service of a team. Owner: teams. */
export interface LegalholdServiceRow {
  team: string;
  base_url: string;
  /** PEM, as it was registered. */
  public_key: string;
  auth_token: string;
}

/** A team that may have legal hold, where operators say so. Owner: teams. */
export interface LegalholdListedTeamRow {
  team: string;
}

/** The legal hold device of a member, which waits for approval or is in use. Owner: teams. */
export interface LegalholdDeviceRow {
  user_id: string;
  /** JSON: the service's prekeys. */
  device: string;
}

/** A member whose connections and conversations do not fit its legal hold status yet. Owner: teams. */
export interface LegalholdUnsettledRow {
  user_id: string;
}

export interface TeamTables {
  legalhold_device: LegalholdDeviceRow;
  legalhold_listed_team: LegalholdListedTeamRow;
  legalhold_service: LegalholdServiceRow;
  legalhold_unsettled: LegalholdUnsettledRow;
  team: TeamRow;
  team_feature: TeamFeatureRow;
  team_invitation: TeamInvitationRow;
  team_member: TeamMemberRow;
  team_notification: TeamNotificationRow;
}
