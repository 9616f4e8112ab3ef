import type { onMessageSent } from '#contract/federation/galley.ts';
import type { BackendDomain, ClientId, UserId } from '#contract/ids.ts';
import { maxCiphertextBytes } from '#contract/messages.ts';
import { refuse } from '#contract/refusal.ts';
import type { InputOf } from '#contract/rpc.ts';
import type { Work } from '#storage';
import type { QualifiedConversation } from '../conversations/conversation.ts';
import { eventTime } from '../conversations/conversation-event.ts';
import type { Events } from '../needs.ts';
import { messagePushes } from './message-events.ts';
import type { Envelope } from './mismatch.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly events: Events;
}

/** Length in base64. */
const maxCiphertextLength = Math.ceil(maxCiphertextBytes / 3) * 4;

/**
 * Hands a message of an owner to its recipients here: those who are in that conversation of the owner according to
 * our own table, and nobody else (reference client-api 5.6). The owner is believed about who has sent it.
 */
export type Receive = (
  work: Work,
  conversation: QualifiedConversation,
  members: ReadonlyMap<UserId, unknown>,
  message: InputOf<typeof onMessageSent>,
) => Promise<void>;

export function createReceive({ ownDomain, events }: Needs): Receive {
  return async (work, conversation, members, message) => {
    const envelopes = envelopesFor(message.recipients, members);
    const posting = {
      conversation,
      from: message.sender,
      time: eventTime(message.time),
      senderClient: message.sender_client,
      nativePush: message.push,
      nativePriority: message.priority ?? undefined,
      transient: message.transient,
      data: message.data ?? undefined,
    };
    await events.pushMany(work, messagePushes(posting, envelopes, ownDomain, { user: message.sender }));
  };
}

function envelopesFor(
  recipients: InputOf<typeof onMessageSent>['recipients'],
  members: ReadonlyMap<UserId, unknown>,
): readonly Envelope[] {
  const envelopes: Envelope[] = [];
  for (const [user, ciphertexts] of Object.entries(recipients)) {
    if (!members.has(user as UserId)) continue;
    for (const [client, text] of Object.entries(ciphertexts)) {
      if (text.length > maxCiphertextLength)
        throw refuse('bad-request', {
          message: `body.recipients.${user}.${client}: expected at most ${maxCiphertextBytes} bytes`,
        });
      envelopes.push({ user: user as UserId, client: client as ClientId, text });
    }
  }
  return envelopes;
}
