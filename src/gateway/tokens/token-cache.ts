import type { VerifiedToken, VerifyToken } from '#contract/verified-token.ts';

export interface TokenCacheOptions {
  /** The most tokens that are remembered; the one unused for longest is forgotten first. */
  readonly maxTokens: number;
  /** Unix time in milliseconds. */
  readonly now: () => number;
}

/**
 * Verifies each token once and remembers it until it expires. Tokens that do not verify are not remembered: they
 * would push out good ones.
 */
export function cacheTokens(verify: VerifyToken, { maxTokens, now }: TokenCacheOptions): VerifyToken {
  const known = new Map<string, VerifiedToken>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) known.delete(text);
    const token = found !== undefined && isCurrent(found, now()) ? found : verify(text);
    if (token === undefined) return undefined;
    known.set(text, token);
    if (known.size > maxTokens) known.delete(known.keys().next().value ?? text);
    return token;
  };
}

/** As zauth judges it: an expiry in the current second still holds. */
function isCurrent(token: VerifiedToken, nowMs: number): boolean {
  return token.expiresAt === -1 || token.expiresAt >= Math.floor(nowMs / 1000);
}
