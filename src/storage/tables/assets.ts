/** Tables of the cargohold part. */

/** An uploaded file. Its bytes are in a store, under the same key. */
export interface AssetRow {
  /** `3-<retention>-<uuid>`. */
  key: string;
  /** Id of the own user who has uploaded it. */
  owner: string;
  /** Who has it may read; null: everybody may. */
  token: string | null;
  /** Bytes. */
  size: number;
  /** Hex digits. */
  md5: string;
  content_type: string;
  /**
   * `uploading`: its bytes may or may not be in the store; `stored`: they are, and it can be read; `removing`: nobody
   * can read it any more, and its bytes are being removed.
   */
  state: string;
  /** When it came into its state. */
  changed_at: number;
  expires_at: number | null;
}

/** How much a user keeps: its assets that are `uploading` or `stored`. */
export interface AssetUsageRow {
  owner: string;
  bytes: number;
}

export interface AssetTables {
  asset: AssetRow;
  asset_usage: AssetUsageRow;
}
