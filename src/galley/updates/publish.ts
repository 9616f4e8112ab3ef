import type { ConversationEvent } from '#contract/events/conversation.ts';
import type { ConversationAction } from '#contract/federation/conversation-actions.ts';
import type { ConversationUpdate } from '#contract/federation/conversation-updates.ts';
import { onConversationUpdated } from '#contract/federation/galley.ts';
import type { BackendDomain, UserId } from '#contract/ids.ts';
import type { Work } from '#storage';
import type { Member, OwnConversation, QualifiedUser } from '../conversations/conversation.ts';
import { eventOfAction } from '../conversations/conversation-event.ts';
import { routeOf } from '../conversations/view.ts';
import { type Events, laneOf, type Outbox } from '../needs.ts';

/** Who changes a conversation. Own users and those of other backends go the same way. */
export interface Actor {
  readonly user: QualifiedUser;
  /** The session of an own user that gets the event as its answer. */
  readonly connectionId?: string;
  /** The actor's backend learns of the change from an answer, so nothing is queued for it. */
  readonly answered?: boolean;
}

/** One thing that has happened to a conversation. */
export interface Outcome {
  readonly action: ConversationAction;
  /** What own clients see, when it is not what the action says. */
  readonly event?: ConversationEvent;
  readonly added?: readonly Member[];
  readonly removed?: readonly QualifiedUser[];
}

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly events: Events;
  readonly outbox: Outbox;
}

/** What was published: the event, and the update as each backend gets it. */
export interface Published {
  readonly event: ConversationEvent;
  readonly update: Omit<ConversationUpdate, 'alreadyPresentUsers'>;
}

/** Tells everybody concerned: own clients by events, other backends by their queue. */
export type Publish = (
  work: Work,
  before: OwnConversation,
  actor: Actor,
  outcome: Outcome,
  time: string,
) => Promise<Published>;

export function createPublish({ ownDomain, events, outbox }: Needs): Publish {
  return async (work, before, actor, outcome, time) => {
    const conversation = { domain: ownDomain, id: before.id };
    const event = outcome.event ?? eventOfAction({ conversation, from: actor.user, time }, outcome.action);
    const recipients = ownRecipients(before, outcome, ownDomain);
    await events.push(work, {
      recipients: recipients.map((user) => ({ user })),
      event,
      ...originOf(actor, ownDomain),
      route: routeOf(before.type),
    });
    const update = { time, origUserId: actor.user, convId: before.id, action: outcome.action };
    for (const domain of toldDomains(before, actor, outcome, ownDomain)) {
      const alreadyPresentUsers = [...(before.remoteMembers.get(domain)?.keys() ?? [])];
      const input = { ...update, alreadyPresentUsers };
      await outbox.tell(work, [domain], onConversationUpdated, laneOf(conversation), input);
    }
    return { event, update };
  };
}

/** The session that caused an event; only one of an own user can be skipped. */
export function originOf(
  { user, connectionId }: Actor,
  ownDomain: BackendDomain,
): { readonly origin?: { readonly user: UserId; readonly connectionId: string } } {
  if (connectionId === undefined || user.domain !== ownDomain) return {};
  return { origin: { user: user.id, connectionId } };
}

function ownRecipients(
  before: OwnConversation,
  { added = [] }: Outcome,
  ownDomain: BackendDomain,
): readonly UserId[] {
  const joining = added.filter(({ user }) => user.domain === ownDomain).map(({ user }) => user.id);
  return [...new Set([...before.ownMembers.keys(), ...joining])];
}

function toldDomains(
  before: OwnConversation,
  actor: Actor,
  { added = [] }: Outcome,
  ownDomain: BackendDomain,
): ReadonlySet<BackendDomain> {
  const domains = new Set([...before.remoteMembers.keys(), ...added.map(({ user }) => user.domain)]);
  domains.delete(ownDomain);
  if (actor.answered === true) domains.delete(actor.user.domain);
  return domains;
}
