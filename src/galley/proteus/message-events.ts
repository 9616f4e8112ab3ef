import type { Push } from '#contract/events/push.ts';
import type { BackendDomain, ClientId } from '#contract/ids.ts';
import type { MessageMetadata } from '#contract/messages.ts';
import { conversationEvent, type Happening } from '../conversations/conversation-event.ts';
import { type Actor, originOf } from '../updates/publish.ts';
import type { Envelope } from './mismatch.ts';

/** A message on its way to own users. */
export interface Posting extends MessageMetadata, Happening {
  readonly senderClient: ClientId;
}

/** One event for each client, which it alone gets (reference events 2.1, client-api 5.5). */
export function messagePushes(
  posting: Posting,
  envelopes: readonly Envelope[],
  ownDomain: BackendDomain,
  actor: Actor,
): readonly Push[] {
  const { senderClient, data, transient, nativePush, nativePriority } = posting;
  const { origin } = originOf(actor, ownDomain);
  return envelopes.map(({ user, client, text }) => ({
    recipients: [{ user, clients: [client] }],
    event: conversationEvent('conversation.otr-message-add', posting, {
      sender: senderClient,
      recipient: client,
      text,
      ...(data === undefined ? {} : { data }),
    }),
    ...(origin?.user === user ? { origin } : {}),
    transient,
    route: nativePush ? 'any' : 'direct',
    priority: nativePriority ?? 'high',
  }));
}
