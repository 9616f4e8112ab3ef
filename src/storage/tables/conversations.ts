/** A conversation owned here. Owner: galley. */
export interface ConversationRow {
  id: string;
  /** Counted up by every change, which takes the row's lock: changes of one conversation come one after the other. */
  version: number;
  /** 0 group, 1 self, 2 one-to-one, 3 connect. */
  type: number;
  creator: string | null;
  /** JSON arrays. */
  access: string;
  access_roles: string;
  name: string | null;
  team: string | null;
  message_timer: number | null;
  receipt_mode: number | null;
  protocol: string;
  created_at: number;
  /** 1 while the backends of its first members are being told of it; nobody has been told that it exists. */
  pending: number;
}

/** What a user sets for itself in a conversation. Owner: galley. */
export interface MemberSettingsColumns {
  muted_status: number | null;
  muted_ref: string | null;
  archived: number;
  archived_ref: string | null;
  hidden: number;
  hidden_ref: string | null;
}

/** A member of a conversation owned here, of any backend. Owner: galley. */
export interface ConversationMemberRow extends MemberSettingsColumns {
  conversation_id: string;
  user_domain: string;
  user_id: string;
  role: string;
  /** JSON, of a bot: the service that it belongs to. */
  service: string | null;
}

/** That an own user is in a conversation owned by another backend. Owner: galley. */
export interface RemoteConversationMemberRow extends MemberSettingsColumns {
  domain: string;
  conversation_id: string;
  user_id: string;
  /** Tells one stay of the user in the conversation from the next one. */
  stay: string;
}

/** The code with which users of this backend join a conversation. Owner: galley. */
export interface ConversationCodeRow {
  key: string;
  conversation_id: string;
  code: string;
  password_hash: string | null;
  expires_at: number;
}

export interface ConversationTables {
  conversation: ConversationRow;
  conversation_member: ConversationMemberRow;
  remote_conversation_member: RemoteConversationMemberRow;
  conversation_code: ConversationCodeRow;
}
