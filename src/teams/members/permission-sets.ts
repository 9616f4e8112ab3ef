import { refuse } from '#contract/refusal.ts';
import { allPermissions, isWithin, type Permissions } from '#contract/teams.ts';

/** What is let others do must be permitted to oneself. Bits without a meaning are dropped. @throws Refusal `bad-request` */
export function readPermissions({ self, copy }: Permissions): Permissions {
  const known = { self: knownBits(self), copy: knownBits(copy) };
  if (isWithin(known.copy, known.self)) return known;
  throw refuse('bad-request', {
    message: `body.member.permissions.copy: found ${copy}, expected no more than self, which is ${self}`,
  });
}

/** Numbers may be larger than what bit operations take. */
function knownBits(set: number): number {
  return Number(BigInt(set) & BigInt(allPermissions));
}
