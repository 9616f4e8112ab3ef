import type { BackendDomain } from '#contract/ids.ts';
import { hasConsented, isHeld } from '#contract/legalhold.ts';
import { refuse } from '#contract/refusal.ts';
import type { Reader } from '#storage';
import type { OwnConversation, QualifiedUser } from '../conversations/conversation.ts';
import type { LegalholdLookup } from '../needs.ts';
import { canStay } from './parting.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly legalhold: LegalholdLookup;
}

/**
 * What legal hold says to own users who are to come into a group (reference client-api 4.5). Whoever comes must have
 * consented, when somebody there or among them is under legal hold or about to be.
 * @returns members who have to go, because somebody comes with whom they have not consented to be
 * @throws Refusal `missing-legalhold-consent`
 */
export async function withoutConsent(
  { ownDomain, legalhold }: Needs,
  reader: Reader,
  conversation: OwnConversation,
  newcomers: readonly QualifiedUser[],
): Promise<readonly QualifiedUser[]> {
  const coming = newcomers.filter(({ domain }) => domain === ownDomain).map(({ id }) => id);
  if (coming.length === 0) return [];
  const members = [...conversation.ownMembers.keys()];
  const statuses = await legalhold.statusesOf(reader, [...members, ...coming]);
  if (![...members, ...coming].some((user) => isHeld(statuses.get(user)))) return [];
  const refusal = refuse('missing-legalhold-consent');
  if (!coming.every((user) => hasConsented(statuses.get(user)))) throw refusal;
  if (!coming.some((user) => isHeld(statuses.get(user)))) return [];
  const leaving = members.filter((user) => !hasConsented(statuses.get(user)));
  if (leaving.length > 0 && !canStay(conversation, statuses)) throw refusal;
  return leaving.map((id) => ({ domain: ownDomain, id }));
}
