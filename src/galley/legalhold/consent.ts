import type { UserId } from '#contract/ids.ts';
import { areInConflict, areOverheard } from '#contract/legalhold.ts';
import { refuse } from '#contract/refusal.ts';
import type { Reader } from '#storage';
import type { ClientsOfUsers, LegalholdLookup } from '../needs.ts';

/**
 * Own users who are to be together in a group must all have consented when one of them is under legal hold or about to
 * be. Users of other backends are not asked (reference client-api 9.4).
 * @throws Refusal `missing-legalhold-consent`
 */
export async function assertConsent(
  legalhold: LegalholdLookup,
  reader: Reader,
  users: readonly UserId[],
): Promise<void> {
  if (areInConflict(users, await legalhold.statusesOf(reader, users))) {
    throw refuse('missing-legalhold-consent');
  }
}

/**
 * Nothing is said where it would be heard without consent. Whether anybody listens is seen at the clients, which are
 * known already; only then the users are looked up.
 * @throws Refusal `missing-legalhold-consent`
 */
export async function assertNotOverheard(
  legalhold: LegalholdLookup,
  reader: Reader,
  users: readonly UserId[],
  clients: ClientsOfUsers,
): Promise<void> {
  const listens = users.some((user) => clients.get(user)?.some((client) => client.class === 'legalhold'));
  if (listens && areOverheard(users, await legalhold.statusesOf(reader, users))) {
    throw refuse('missing-legalhold-consent');
  }
}
