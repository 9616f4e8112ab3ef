import { conversationTypes } from '#contract/conversations.ts';
import type { ConversationId, UserId } from '#contract/ids.ts';
import { areInConflict, hasConsented, isHeld, type LegalholdStatuses } from '#contract/legalhold.ts';
import type { Storage } from '#storage';
import type { OwnConversation } from '../conversations/conversation.ts';
import { type TakeOutNeeds, takeOut } from '../departures/take-out.ts';
import { listConversationsOf } from '../members/member-store.ts';
import type { LegalholdLookup } from '../needs.ts';

/**
 * Has those leave the groups of an own user who may not be together because of its legal hold (reference client-api
 * 9.4). Each group is a unit of work of its own, with the events and notifications of all who leave it; asked again it
 * finds what is left to do.
 */
export type PartForLegalhold = (user: UserId) => Promise<void>;

interface Needs extends TakeOutNeeds {
  readonly storage: Storage;
  readonly legalhold: LegalholdLookup;
}

const pageSize = 500;

export function createPartForLegalhold(needs: Needs): PartForLegalhold {
  const { ownDomain, storage } = needs;
  return async (id) => {
    const user = { domain: ownDomain, id };
    let page: readonly ConversationId[] = [];
    do {
      page = await listConversationsOf(storage.reader, user, page.at(-1) ?? '', pageSize);
      for (const conversation of page) await part(needs, conversation);
    } while (page.length === pageSize);
  };
}

async function part(needs: Needs, id: ConversationId): Promise<void> {
  const { ownDomain, storage, conversations, legalhold } = needs;
  const seen = await conversations.find(id);
  if (seen?.type !== conversationTypes.group) return;
  await storage.work(async (work) => {
    const conversation = await conversations.lock(work, id);
    if (conversation === undefined) return;
    const members = [...conversation.ownMembers.keys()];
    const statuses = await legalhold.statusesOf(work.reader, members);
    if (!areInConflict(members, statuses)) return;
    const leavers = canStay(conversation, statuses)
      ? members.filter((member) => !hasConsented(statuses.get(member)))
      : members.filter((member) => isHeld(statuses.get(member)));
    for (const leaver of leavers) await takeOut(needs, work, { domain: ownDomain, id: leaver }, id, 'left');
  });
}

/** Whether somebody under legal hold may stay: where an admin of the group has consented. */
export function canStay({ ownMembers }: OwnConversation, statuses: LegalholdStatuses): boolean {
  return [...ownMembers].some(
    ([member, role]) => role === 'wire_admin' && hasConsented(statuses.get(member)),
  );
}
