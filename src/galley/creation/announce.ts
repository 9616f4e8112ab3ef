import { onConversationCreated, onConversationUpdated } from '#contract/federation/galley.ts';
import type { FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain, UserId } from '#contract/ids.ts';
import type { Work } from '#storage';
import { membersOf, type OwnConversation } from '../conversations/conversation.ts';
import { conversationEvent } from '../conversations/conversation-event.ts';
import { legacyView, otherMember, ownView, protocolInfo, routeOf } from '../conversations/view.ts';
import { askEach } from '../federation/backend-checks.ts';
import { type Events, laneOf, type Outbox } from '../needs.ts';
import { type Actor, originOf } from '../updates/publish.ts';

/** How members learn of a new conversation (reference federation-api 7.4). */

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly federation: FederationCaller;
  readonly events: Events;
  readonly outbox: Outbox;
}

/**
 * Tells the backends of remote members, each of its own and of ours. Not inside a unit of work.
 * @throws Refusal `unreachable-backends` naming those that did not take it; the others, and they too, may have
 */
export async function tellBackends(
  { ownDomain, federation }: Needs,
  conversation: OwnConversation,
  creator: UserId,
): Promise<void> {
  const domains = [...conversation.remoteMembers.keys()];
  const members = membersOf(conversation, ownDomain);
  const time = new Date(conversation.createdAt).toISOString();
  await askEach(domains, (domain) =>
    federation.call(domain, onConversationCreated, {
      time,
      orig_user_id: creator,
      cnv_id: conversation.id,
      cnv_type: conversation.type,
      cnv_access: [...conversation.access],
      cnv_access_roles: [...conversation.accessRoles],
      cnv_name: conversation.name,
      non_creator_members: members
        .filter(({ user }) => user.domain === domain || (user.domain === ownDomain && user.id !== creator))
        .map(otherMember),
      message_timer: conversation.messageTimer,
      receipt_mode: conversation.receiptMode,
      protocol: protocolInfo(conversation),
    }),
  );
}

/** Tells own members, each with its own view. */
export async function tellOwnMembers(
  { ownDomain, events }: Pick<Needs, 'ownDomain' | 'events'>,
  work: Work,
  conversation: OwnConversation,
  actor: Actor,
): Promise<void> {
  const happening = {
    conversation: { domain: ownDomain, id: conversation.id },
    from: actor.user,
    time: new Date(conversation.createdAt).toISOString(),
  };
  for (const [id, role] of conversation.ownMembers) {
    const view = ownView(conversation, ownDomain, { user: { domain: ownDomain, id }, role });
    await events.push(work, {
      recipients: [{ user: id }],
      event: conversationEvent('conversation.create', happening, legacyView(view)),
      ...originOf(actor, ownDomain),
      route: routeOf(conversation.type),
    });
  }
}

/** The role that this join always says, whatever the members have (reference 7.4 step 8). */
const introducedRole = 'wire_member';

/** With several remote backends: tells each of the members of the others. */
export async function introduceBackends(
  { ownDomain, outbox }: Needs,
  work: Work,
  conversation: OwnConversation,
  actor: Actor,
): Promise<void> {
  const lane = laneOf({ domain: ownDomain, id: conversation.id });
  for (const [domain, present] of conversation.remoteMembers) {
    const users = [...conversation.remoteMembers]
      .filter(([other]) => other !== domain)
      .flatMap(([other, roles]) => [...roles.keys()].map((id) => ({ domain: other, id })));
    if (users.length === 0) continue;
    await outbox.tell(work, [domain], onConversationUpdated, lane, {
      time: new Date(conversation.createdAt).toISOString(),
      origUserId: actor.user,
      convId: conversation.id,
      alreadyPresentUsers: [...present.keys()],
      action: { tag: 'ConversationJoinTag', action: { users, role: introducedRole } },
    });
  }
}

/** Takes back what backends may have been told of a conversation whose making failed. */
export async function takeBack(
  { ownDomain, outbox }: Needs,
  work: Work,
  conversation: OwnConversation,
  time: string,
): Promise<void> {
  const { id, creator, remoteMembers } = conversation;
  if (creator === null) return;
  for (const [domain, present] of remoteMembers) {
    await outbox.tell(work, [domain], onConversationUpdated, laneOf({ domain: ownDomain, id }), {
      time,
      origUserId: { domain: ownDomain, id: creator },
      convId: id,
      alreadyPresentUsers: [...present.keys()],
      action: { tag: 'ConversationDeleteTag', action: {} },
    });
  }
}
