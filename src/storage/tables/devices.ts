/** A user's device. Owner: brig. */
export interface ClientRow {
  user_id: string;
  /** Lower-case hex without leading zeros. */
  id: string;
  /** `permanent`, `temporary` or `legalhold`. */
  type: string;
  created_at: number;
  class: string | null;
  label: string | null;
  model: string | null;
  /** Label of the cookies that end with the client. */
  cookie: string | null;
  /** JSON array. */
  capabilities: string;
  /** JSON object: signature keys by scheme. */
  mls_public_keys: string;
  /** Rounded up to a week. */
  last_active: number | null;
}

/** A Proteus prekey that was not claimed yet. Owner: brig. */
export interface PrekeyRow {
  user_id: string;
  client_id: string;
  id: number;
  key: string;
}

/** An MLS key package that was not claimed yet. Owner: brig. */
export interface KeyPackageRow {
  user_id: string;
  client_id: string;
  /** Number of its cipher suite. */
  suite: number;
  /** Its reference, and the bare key package: base64. */
  ref: string;
  key_package: string;
  /** Unix milliseconds between which it may be used. */
  not_before: number;
  not_after: number;
}

/** What a client must sign next to prove who it is. Owner: brig. */
export interface ClientNonceRow {
  user_id: string;
  client_id: string;
  /** 16 bytes in base64url. */
  nonce: string;
  expires_at: number;
}

/** What a user's clients remember for each other. Owner: brig. */
export interface PropertyRow {
  user_id: string;
  key: string;
  /** JSON, as it was sent. */
  value: string;
}

export interface DeviceTables {
  client: ClientRow;
  client_nonce: ClientNonceRow;
  prekey: PrekeyRow;
  key_package: KeyPackageRow;
  property: PropertyRow;
}
