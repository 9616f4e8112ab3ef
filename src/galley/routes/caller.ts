import type { ConversationEvent } from '#contract/events/conversation.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { AuthenticatedUser } from '#contract/route.ts';
import type { QualifiedConversation } from '../conversations/conversation.ts';
import type { Actor } from '../updates/publish.ts';

/** The user behind a client request as one who acts. */
export function actorOf({ userId, connectionId }: AuthenticatedUser, ownDomain: BackendDomain): Actor {
  return { user: { domain: ownDomain, id: userId }, connectionId };
}

/** The answer of a change: the event, or that there was nothing to change. */
export function changeAnswer(event: ConversationEvent | undefined) {
  return event === undefined ? ({ status: 204 } as const) : ({ status: 200, body: event } as const);
}

/** @throws Refusal `federation-not-implemented` for what only the owner's users can do. */
export function assertOwn({ domain }: QualifiedConversation, ownDomain: BackendDomain): void {
  if (domain !== ownDomain) {
    throw refuse('federation-not-implemented', {
      message: `The conversation belongs to ${domain}: this can only be done by users there`,
    });
  }
}
