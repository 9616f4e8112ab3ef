/** The MLS group of a conversation owned here, or of a subconversation of it. Owner: galley. */
export interface MlsGroupRow {
  conversation_id: string;
  /** Empty for the conversation itself. */
  subconversation_id: string;
  /** Base64. */
  group_id: string;
  epoch: number;
  /** When the epoch began; absent before the first commit. */
  epoch_at: number | null;
  /** Number of the cipher suite; absent before the first commit. */
  suite: number | null;
  /** The bare GroupInfo of the last commit in base64; absent at epoch 0. */
  group_info: string | null;
}

/** A client in a group. Owner: galley. */
export interface MlsLeafRow {
  conversation_id: string;
  subconversation_id: string;
  leaf_index: number;
  user_domain: string;
  user_id: string;
  client_id: string;
  /** Base64: what the client signs its messages with. */
  signature_key: string;
  /** 1 when the backend has proposed to remove it and no commit has done so yet. */
  removal_planned: number;
}

/** A proposal that waits for the commit that ends its epoch. Owner: galley. */
export interface MlsProposalRow {
  conversation_id: string;
  subconversation_id: string;
  epoch: number;
  /** Its reference (RFC 9420 section 5.2): base64. */
  ref: string;
  /** `client` or `backend`. */
  origin: string;
  /** The whole MLSMessage: base64. */
  message: string;
  expires_at: number;
}

export interface MlsGroupTables {
  mls_group: MlsGroupRow;
  mls_leaf: MlsLeafRow;
  mls_proposal: MlsProposalRow;
}
