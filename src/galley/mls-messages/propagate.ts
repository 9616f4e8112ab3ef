import { mlsWelcome, onMlsMessageSent } from '#contract/federation/mls-messages.ts';
import type { BackendDomain, ClientId, UserId } from '#contract/ids.ts';
import type { Work } from '#storage';
import { type OwnConversation, type QualifiedUser, roleOf } from '../conversations/conversation.ts';
import { conversationEvent } from '../conversations/conversation-event.ts';
import { type Events, laneOf, type Outbox } from '../needs.ts';

/** How MLS messages reach the clients of a group, on whatever backends they are (reference client-api 8.7). */

/** A client, as groups know it. */
interface ClientOfUser {
  readonly user: QualifiedUser;
  readonly client: ClientId;
}

export interface GroupMessage {
  /** Only clients of its members get the message. */
  readonly conversation: OwnConversation;
  /** Empty for the conversation itself. */
  readonly subconversation: string;
  readonly clients: Iterable<ClientOfUser>;
  readonly from: QualifiedUser;
  /** UTC with milliseconds. */
  readonly time: string;
  /** An MLSMessage. */
  readonly message: Uint8Array;
}

export interface GroupWelcome extends Omit<GroupMessage, 'subconversation'> {}

export interface Propagate {
  /** To clients in a group, and to every backend with members even when none of its clients is in the group. */
  message(work: Work, message: GroupMessage): Promise<void>;
  /** To clients that a commit has added. */
  welcome(work: Work, welcome: GroupWelcome): Promise<void>;
}

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly events: Events;
  readonly outbox: Outbox;
}

/** Clients of one backend by their users. */
type ClientsOfBackend = Map<UserId, ClientId[]>;

export function createPropagate({ ownDomain, events, outbox }: Needs): Propagate {
  return {
    async message(work, { conversation, subconversation, clients, from, time, message }) {
      const id = { domain: ownDomain, id: conversation.id };
      const text = base64(message);
      const backends = byBackend(clients, (user) => roleOf(conversation, user, ownDomain) !== undefined);
      const recipients = recipientsOf(backends.get(ownDomain));
      if (recipients.length > 0) {
        const happening = {
          conversation: id,
          from,
          time,
          ...(subconversation === '' ? {} : { subconversation }),
        };
        const event = conversationEvent('conversation.mls-message-add', happening, text);
        await events.push(work, { recipients, event, route: 'any' });
      }
      for (const domain of conversation.remoteMembers.keys()) {
        await outbox.tell(work, [domain], onMlsMessageSent, laneOf(id), {
          time,
          sender: from,
          metadata: { native_push: true, transient: false },
          conversation: conversation.id,
          sub_conversation: subconversation === '' ? null : subconversation,
          recipients: Object.fromEntries(backends.get(domain) ?? []),
          message: text,
        });
      }
    },
    async welcome(work, { conversation, clients, from, time, message }) {
      const id = { domain: ownDomain, id: conversation.id };
      const text = base64(message);
      const backends = byBackend(clients, () => true);
      const recipients = recipientsOf(backends.get(ownDomain));
      if (recipients.length > 0) {
        const event = conversationEvent('conversation.mls-welcome', { conversation: id, from, time }, text);
        await events.push(work, { recipients, event, route: 'any' });
      }
      backends.delete(ownDomain);
      for (const [domain, users] of backends) {
        await outbox.tell(work, [domain], mlsWelcome, laneOf(id), {
          originating_user: from.id,
          welcome_message: text,
          recipients: [...users].flatMap(([user, ids]) =>
            ids.map((client) => [user, client] as [UserId, ClientId]),
          ),
          qualified_conv_id: id,
        });
      }
    },
  };
}

function byBackend(
  clients: Iterable<ClientOfUser>,
  isRecipient: (user: QualifiedUser) => boolean,
): Map<BackendDomain, ClientsOfBackend> {
  const backends = new Map<BackendDomain, ClientsOfBackend>();
  for (const { user, client } of clients) {
    if (!isRecipient(user)) continue;
    const users = backends.get(user.domain) ?? new Map<UserId, ClientId[]>();
    backends.set(user.domain, users);
    const known = users.get(user.id);
    if (known === undefined) users.set(user.id, [client]);
    else if (!known.includes(client)) known.push(client);
  }
  return backends;
}

function recipientsOf(users: ClientsOfBackend | undefined) {
  return [...(users ?? [])].map(([user, clients]) => ({ user, clients }));
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
