import type { ClientId, UserId } from './ids.ts';
import type { AuthenticatedBot, AuthenticatedProvider } from './route.ts';

/** What a verified token says (reference client-api 2.1). */
export interface VerifiedToken {
  /** The token's `t`: `a` access, `u` user cookie, `b` bot, `p` provider, `la` and `lu` legal hold. */
  readonly type: string;
  /** Absent in tokens of bots and providers. */
  readonly userId: UserId | undefined;
  /** Present when the token is bound to a client. */
  readonly clientId: ClientId | undefined;
  /** Present in access tokens. */
  readonly connectionId: string | undefined;
  /** Of a bot's token. */
  readonly bot?: AuthenticatedBot;
  /** Of a provider's token. */
  readonly provider?: AuthenticatedProvider;
  /** The token's `d`: Unix time in seconds; -1 for a token that does not expire. */
  readonly expiresAt: number;
}

/** Checks signature and expiry of a token's text; undefined when either does not hold. */
export type VerifyToken = (text: string) => VerifiedToken | undefined;
