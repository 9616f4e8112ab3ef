/** Tables of the services part. */

/** Who provides services. Owner: services. */
export interface ProviderRow {
  id: string;
  name: string;
  url: string;
  description: string;
  password_hash: string;
  /** Null until it is activated. */
  email: string | null;
  email_key: string | null;
  /** Tokens that expire by then count no more. Unix seconds. */
  sessions_ended_until: number;
}

/** The newest code that was mailed to an address of a provider for one purpose. Owner: services. */
export interface ProviderCodeRow {
  /** URL-safe base64 of SHA-256 over the address's uniqueness key. */
  key: string;
  /** `activation` or `password-reset`. */
  purpose: string;
  provider: string;
  email: string;
  email_key: string;
  code: string;
  /** Codes that may still be tried; at 0 not even the right one counts. */
  tries: number;
  sent_at: number;
  expires_at: number;
}

/** A program of others that takes part in conversations. Owner: services. */
export interface ServiceRow {
  id: string;
  provider: string;
  name: string;
  /** The name in lower case, which it is found by. */
  name_key: string;
  summary: string;
  description: string;
  base_url: string;
  /** JSON arrays. */
  auth_tokens: string;
  public_keys: string;
  assets: string;
  tags: string;
  enabled: number;
}

/** That a service may be used in conversations of a team. Owner: services. */
export interface ServiceWhitelistRow {
  team: string;
  service: string;
}

/** A user that is a service's bot in one conversation. Owner: services. */
export interface BotRow {
  id: string;
  service: string;
  conversation: string;
  /** Of the conversation. */
  team: string | null;
  /** The service has taken the bot's stream up to here. */
  position: number;
  /** 1: it has left its conversation and its account is deleted; what is left of its stream still goes out. */
  ended: number;
  /** The process that delivers the stream, until then. */
  lease_owner: string | null;
  lease_until: number;
}

export interface ServiceTables {
  provider: ProviderRow;
  provider_code: ProviderCodeRow;
  service: ServiceRow;
  service_whitelist: ServiceWhitelistRow;
  bot: BotRow;
}
