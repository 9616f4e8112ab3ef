/** One event in a user's stream. Owner: notifications. */
export interface NotificationRow {
  user_id: string;
  /** Microseconds since 1970, unique and in the order of commits within a stream. The v1 id is made from it. */
  position: number;
  /** The clients that it is for, each with a space on either side (` a1 b2 `); null: all. */
  clients: string | null;
  /** The login session of this user that caused it and need not be told. */
  origin: string | null;
  /** JSON of the event in ASCII; null when it is shared, then it is in `notification_payload`. */
  payload: string | null;
}

/** The event of a push to more than one stream. Owner: notifications. */
export interface NotificationPayloadRow {
  position: number;
  payload: string;
}

/** SQLite only, one row: no position above it was ever given out. Owner: notifications. */
export interface NotificationClockRow {
  id: number;
  reserved_until: number;
}

/** Where a native push service finds a client. Owner: notifications. */
export interface PushTokenRow {
  user_id: string;
  /** `GCM`, `APNS` or `APNS_SANDBOX`. */
  transport: string;
  app: string;
  token: string;
  client_id: string;
}

export interface NotificationTables {
  notification: NotificationRow;
  notification_payload: NotificationPayloadRow;
  notification_clock: NotificationClockRow;
  push_token: PushTokenRow;
}
