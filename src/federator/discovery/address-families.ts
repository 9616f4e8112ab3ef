import { setTimeout as delay } from 'node:timers/promises';
import type { SocketAddress } from '../faces.ts';

/** What one family's look-up came to: addresses that may be connected to, and why there are not more. */
export interface FamilyOutcome {
  readonly addresses: readonly SocketAddress[];
  readonly reasons: readonly string[];
}

/** RFC 8305 3, "Resolution Delay": how long the first family with addresses waits for the other one. */
const resolutionDelayMs = 50;

/**
 * Waits for both families, but for the slower one only briefly once the faster one has addresses: a name server that
 * never answers AAAA must not make each connection late.
 *
 * @returns the IPv6 outcome first, as preferred by RFC 6724; one that is still under way has no addresses.
 */
export async function awaitFamilies(
  ipv6: Promise<FamilyOutcome>,
  ipv4: Promise<FamilyOutcome>,
): Promise<readonly [ipv6: FamilyOutcome, ipv4: FamilyOutcome]> {
  const both = Promise.all([ipv6, ipv4]);
  const first = await Promise.race([ipv6, ipv4]);
  if (first.addresses.length === 0) return both;
  const patience = new AbortController();
  const late = delay(resolutionDelayMs, undefined, { signal: patience.signal }).then(
    () => undefined,
    () => undefined,
  );
  try {
    const complete = await Promise.race([both, late]);
    if (complete !== undefined) return complete;
  } finally {
    patience.abort();
  }
  const waiting: FamilyOutcome = { addresses: [], reasons: ['still being asked'] };
  return [await Promise.race([ipv6, waiting]), await Promise.race([ipv4, waiting])];
}

/** Alternates the families, IPv6 first (RFC 8305 4 with a first-address-family count of 1). */
export function interleave(
  ipv6: readonly SocketAddress[],
  ipv4: readonly SocketAddress[],
): readonly SocketAddress[] {
  const mixed: SocketAddress[] = [];
  for (let index = 0; index < Math.max(ipv6.length, ipv4.length); index += 1) {
    const [six, four] = [ipv6[index], ipv4[index]];
    if (six !== undefined) mixed.push(six);
    if (four !== undefined) mixed.push(four);
  }
  return mixed;
}
