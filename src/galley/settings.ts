/** What can be set of galley (reference client-api 11). */
export interface GalleySettings {
  /** Most members of a group. */
  readonly maxConversationSize: number;
  /** How long a code to join with is good. */
  readonly codeLifetimeSeconds: number;
  /** What `key` and `code` are added to as a query; the page of the client where one joins. */
  readonly codeUri: string;
  /** Whether conversations may be joined by code. */
  readonly guestLinks: boolean;
  /** Memberships that are kept in memory. */
  readonly maxCachedMembers: number;
  /** How long a remote has to say which clients its users have, before a message goes on without it. */
  readonly remoteClientsMs: number;
  /** Most users that one broadcast goes to. */
  readonly maxBroadcastUsers: number;
}

export const defaultSettings: GalleySettings = {
  maxConversationSize: 500,
  codeLifetimeSeconds: 365 * 86_400,
  codeUri: 'https://account.example.com/conversation-join/',
  guestLinks: true,
  maxCachedMembers: 500_000,
  remoteClientsMs: 5_000,
  maxBroadcastUsers: 2_000,
};
