/**
 * Every table, as Kysely sees it. Times are Unix milliseconds, booleans 0 or 1, JSON is text: the same on SQLite and
 * PostgreSQL. Rows are turned into the contract's shapes by the store of the part that owns the table.
 */

import type { AssetTables } from './tables/assets.ts';
import type { ConnectionTables } from './tables/connections.ts';
import type { ConversationTables } from './tables/conversations.ts';
import type { DeviceTables } from './tables/devices.ts';
import type { MlsGroupTables } from './tables/mls-groups.ts';
import type { NotificationTables } from './tables/notifications.ts';
import type { OutboxTables } from './tables/outbox.ts';
import type { ServiceTables } from './tables/services.ts';
import type { TeamTables } from './tables/teams.ts';

export type * from './tables/assets.ts';
export type * from './tables/connections.ts';
export type * from './tables/conversations.ts';
export type * from './tables/devices.ts';
export type * from './tables/mls-groups.ts';
export type * from './tables/notifications.ts';
export type * from './tables/outbox.ts';
export type * from './tables/services.ts';
export type * from './tables/teams.ts';

/** A user account. Owner: brig. */
export interface AccountRow {
  id: string;
  /** `active`, `suspended`, `deleted`, `ephemeral`, `pending` (not activated yet). */
  status: string;
  name: string;
  /** The activated e-mail as given; its uniqueness key is in `email_key`. */
  email: string | null;
  email_key: string | null;
  handle: string | null;
  password_hash: string | null;
  accent_id: number;
  /** JSON arrays. */
  picture: string;
  assets: string;
  supported_protocols: string;
  locale: string;
  managed_by: string;
  team: string | null;
  /** JSON: who single sign-on says that it is. */
  sso_id: string | null;
  /** JSON, of a bot: the service that it belongs to. */
  service: string | null;
  expires_at: number | null;
  created_at: number;
}

/** What the prefix search looks at: one row for each word of a name, the whole name, and the handle. Owner: brig. */
export interface SearchTermRow {
  /** Kind, space and text, compared by code units: `src/brig/search/index-key.ts`. */
  term: string;
  user_id: string;
}

/** A team whose members other teams and other backends find by name. Owner: brig. */
export interface SearchableTeamRow {
  team: string;
}

/** A handle that nobody else may take until then. Owner: brig. */
export interface HandleReservationRow {
  handle: string;
  user_id: string;
  until: number;
}

/** A pending activation of an e-mail. Owner: brig. */
export interface ActivationRow {
  /** URL-safe base64 of SHA-256 over the e-mail's uniqueness key. */
  key: string;
  email: string;
  email_key: string;
  code: string;
  /** Absent for a code requested before registration. */
  user_id: string | null;
  retries: number;
  expires_at: number;
}

/** A login session (`zuid`). Owner: brig. */
export interface CookieRow {
  user_id: string;
  /** The `r` value of the token. */
  id: number;
  type: string;
  created_at: number;
  expires_at: number;
  label: string | null;
  successor: number | null;
  client_id: string | null;
}

/** A pending code for setting a new password, at most one a user. Owner: brig. */
export interface PasswordResetRow {
  /** URL-safe base64 of SHA-256 over the user id. */
  key: string;
  user_id: string;
  code: string;
  retries: number;
  expires_at: number;
}

/** The newest code that stands beside a user's password for one action. Owner: brig. */
export interface VerificationCodeRow {
  user_id: string;
  /** `login`, `delete_team` or `create_scim_token`. */
  action: string;
  code: string;
  /** Codes that may still be tried; at 0 not even the right one counts. */
  tries: number;
  sent_at: number;
  expires_at: number;
}

/** Login attempts of a user that count against its budget. Owner: brig. */
export interface LoginFailureRow {
  user_id: string;
  attempts: number;
  window_ends_at: number;
}

/** A remote backend's entry in the policy. Owner: federator. */
export interface RemoteRow {
  domain: string;
  search_policy: string;
  /** `allow_all` or `restrict_by_team`. */
  restriction: string;
}

/** A team that may federate with a restricted remote. Owner: federator. */
export interface RemoteTeamRow {
  domain: string;
  team_id: string;
}

export interface Tables
  extends AssetTables,
    ConnectionTables,
    ConversationTables,
    DeviceTables,
    MlsGroupTables,
    NotificationTables,
    OutboxTables,
    ServiceTables,
    TeamTables {
  account: AccountRow;
  search_term: SearchTermRow;
  searchable_team: SearchableTeamRow;
  handle_reservation: HandleReservationRow;
  activation: ActivationRow;
  cookie: CookieRow;
  password_reset: PasswordResetRow;
  login_failure: LoginFailureRow;
  verification_code: VerificationCodeRow;
  remote: RemoteRow;
  remote_team: RemoteTeamRow;
}
