import { type Refusal, refuse } from '#contract/refusal.ts';
import type { RouteLimit } from '#contract/route.ts';

/** A token bucket: `burst` requests at once, then `perMinute`. */
export interface Rate {
  readonly burst: number;
  readonly perMinute: number;
}

export interface RateLimiterOptions {
  readonly rate: Rate;
  /** The most addresses that are remembered; the one quiet for longest is forgotten first. */
  readonly maxAddresses: number;
  /** Milliseconds on any steady clock. */
  readonly now: () => number;
}

export interface RateLimiter {
  /** Counts one request of this address; the seconds to wait when there were too many. */
  take(address: string): { readonly retryAfterSeconds: number } | undefined;
}

interface Bucket {
  readonly level: number;
  readonly at: number;
}

export function createRateLimiter({ rate, maxAddresses, now }: RateLimiterOptions): RateLimiter {
  const buckets = new Map<string, Bucket>();
  const perMs = rate.perMinute / 60_000;
  return {
    take(address) {
      const key = subscriberOf(address);
      const at = now();
      const known = buckets.get(key);
      const level =
        known === undefined ? rate.burst : Math.min(rate.burst, known.level + (at - known.at) * perMs);
      buckets.delete(key);
      buckets.set(key, { level: level >= 1 ? level - 1 : level, at });
      if (buckets.size > maxAddresses) buckets.delete(buckets.keys().next().value ?? key);
      return level >= 1 ? undefined : { retryAfterSeconds: Math.ceil((1 - level) / perMs / 1000) };
    },
  };
}

/** One subscriber has a whole IPv6 network of 64 bits; an IPv4 address counts alone. */
function subscriberOf(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address;
  const [head = ''] = address.split('::');
  return head.split(':').slice(0, 4).join(':');
}

/** The refusal of each limit, as wire-server names it. */
export function tooMany(limit: RouteLimit, retryAfterSeconds: number): Refusal {
  const key = limit === 'login' ? 'client-error:logins-too-frequent' : 'too-many-requests';
  return refuse(key, {
    message: `Too many requests from this ${limit === 'upload' ? 'user' : 'address'}; try again in ${retryAfterSeconds} s`,
    headers: { 'retry-after': String(retryAfterSeconds) },
  });
}
