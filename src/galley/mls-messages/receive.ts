import type { mlsWelcome, onMlsMessageSent } from '#contract/federation/mls-messages.ts';
import type { BackendDomain, ClientId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { InputOf } from '#contract/rpc.ts';
import type { Work } from '#storage';
import type { QualifiedConversation } from '../conversations/conversation.ts';
import { conversationEvent, eventTime } from '../conversations/conversation-event.ts';
import type { Events } from '../needs.ts';

/** What owners of groups tell own clients (reference federation-api 5.4.6, 5.4.18). */
export interface ReceiveMls {
  /**
   * Hands a message to those clients whose users are in that conversation of the owner according to our own table. The
   * owner is believed about who has sent it.
   */
  message(
    work: Work,
    conversation: QualifiedConversation,
    members: ReadonlyMap<UserId, unknown>,
    message: InputOf<typeof onMlsMessageSent>,
  ): Promise<void>;
  /** Hands a welcome to clients, which join by it or cannot read it. */
  welcome(work: Work, owner: BackendDomain, welcome: InputOf<typeof mlsWelcome>): Promise<void>;
}

interface Needs {
  readonly events: Events;
  readonly now: () => number;
}

export function createReceiveMls({ events, now }: Needs): ReceiveMls {
  return {
    async message(work, conversation, members, { recipients, sender, time, sub_conversation, message }) {
      const present = Object.entries(recipients)
        .map(([user, clients]) => ({ user: user as UserId, clients }))
        .filter(({ user, clients }) => members.has(user) && clients.length > 0);
      if (present.length === 0) return;
      const happening = {
        conversation,
        from: sender,
        time: eventTime(time),
        ...(sub_conversation == null ? {} : { subconversation: sub_conversation }),
      };
      const event = conversationEvent('conversation.mls-message-add', happening, message);
      await events.push(work, { recipients: present, event, route: 'any' });
    },
    async welcome(work, owner, { originating_user, welcome_message, recipients, qualified_conv_id }) {
      if (qualified_conv_id.domain !== owner)
        throw refuse('bad-request', {
          message: `body.qualified_conv_id.domain: found ${qualified_conv_id.domain}, expected ${owner}`,
        });
      const clients = new Map<UserId, ClientId[]>();
      for (const [user, client] of recipients) clients.set(user, [...(clients.get(user) ?? []), client]);
      if (clients.size === 0) return;
      const event = conversationEvent(
        'conversation.mls-welcome',
        {
          conversation: qualified_conv_id,
          from: { domain: owner, id: originating_user },
          time: new Date(now()).toISOString(),
        },
        welcome_message,
      );
      const all = [...clients].map(([user, ids]) => ({ user, clients: ids }));
      await events.push(work, { recipients: all, event, route: 'any' });
    },
  };
}
