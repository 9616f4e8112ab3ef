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

/** A client whose part of the stream is a queue: what it has acknowledged of it. Owner: notifications. */
export interface ConsumerRow {
  user_id: string;
  client_id: string;
  /** The queue holds what comes behind this position of the stream. */
  begins_after: number;
  /** The highest acknowledged position; `begins_after` when there is none. */
  position: number;
  /** Positions below it that are not acknowledged, ascending, each with a space on either side (` 1 2 `). */
  holes: string;
  /** 1: something went out of the queue before it was acknowledged, and the client was not told yet. */
  missed: number;
}

export interface NotificationTables {
  notification: NotificationRow;
  notification_payload: NotificationPayloadRow;
  notification_clock: NotificationClockRow;
  push_token: PushTokenRow;
  consumer: ConsumerRow;
}
