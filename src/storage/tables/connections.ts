/** How a user of this backend stands to another user. A pair of own users has two rows. Owner: brig. */
export interface ConnectionRow {
  user_id: string;
  /** Backend domain of the other user; empty for this backend, so that own users sort first. */
  other_domain: string;
  other_id: string;
  status: string;
  /** What `missing-legalhold-consent` has taken the place of. */
  suspended_status: string | null;
  /** The one-to-one conversation; its domain is the owner's. */
  conversation_domain: string;
  conversation_id: string;
  updated_at: number;
  /** Counts what the own user did. */
  revision: number;
  /** Counts what was heard of a user of another backend, also what changed nothing. */
  heard: number;
}

/**
 * What another backend is being told of a connection, written before it is told and removed with the change that its
 * answer leads to: what a crash has left here is told again. Owner: brig.
 */
export interface ConnectionIntentRow {
  id: string;
  user_id: string;
  other_domain: string;
  other_id: string;
  /** `connect`, `rescind`, `reassure`, or `farewell` of a deleted user. */
  action: string;
  created_at: number;
}

/** A mailed code that deletes an account, at most one a user. Owner: brig. */
export interface DeletionCodeRow {
  /** 20 characters of URL-safe base64 of SHA-256 over the user id. */
  key: string;
  user_id: string;
  code: string;
  retries: number;
  expires_at: number;
}

export interface ConnectionTables {
  connection: ConnectionRow;
  connection_intent: ConnectionIntentRow;
  deletion_code: DeletionCodeRow;
}
