import { createConversation } from '#contract/client/conversations.ts';
import { protobufType, sendQualifiedMessage } from '#contract/client/messages.ts';
import type { onMessageSent } from '#contract/federation/galley.ts';
import type { BackendDomain, ClientId, ConversationId, UserId } from '#contract/ids.ts';
import type { MessageSendingStatus, NewMessage } from '#contract/messages.ts';
import { writeQualifiedMessage } from '#contract/protobuf/otr.ts';
import type { InputOf } from '#contract/rpc.ts';
import {
  a,
  b,
  type Called,
  openRig,
  type Rig,
  type Script,
  type User,
  userOf,
  willingRemotes,
} from './conversations-rig.ts';

/** What the tests of messages share: a conversation of A with members on A and B, who have clients. */

/** Whom a message is for: a client of a user, with what it gets in clear. */
export type Addressed = readonly [user: User, client: string, text?: string];

export const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** A message as clients write it, from client `1` unless told otherwise. */
export function messageFor(addressed: readonly Addressed[], more: Partial<NewMessage> = {}): NewMessage {
  const recipients = new Map<BackendDomain, Map<UserId, Map<ClientId, string>>>();
  for (const [{ domain, id }, client, text = `for ${client}`] of addressed) {
    const users = recipients.get(domain) ?? new Map<UserId, Map<ClientId, string>>();
    const clients = users.get(id) ?? new Map<ClientId, string>();
    recipients.set(domain, users.set(id, clients.set(client as ClientId, base64(text))));
  }
  return {
    sender: '1' as ClientId,
    recipients,
    nativePush: true,
    nativePriority: undefined,
    transient: false,
    data: undefined,
    strategy: { tag: 'report-all' },
    ...more,
  };
}

/** The body of a request. */
export function protobuf(message: NewMessage) {
  return { contentType: protobufType, bytes: writeQualifiedMessage(message) };
}

export interface Chat {
  readonly rig: Rig;
  readonly cnv: ConversationId;
  /** Has clients 1 and 2. */
  readonly alice: User;
  /** Has client 3. */
  readonly anna: User;
  /** Of B; has clients 4 and 5. */
  readonly bob: User;
  /** Everybody who has to get what Alice sends from client 1. */
  readonly everybody: readonly Addressed[];
  send(
    from: User,
    message: NewMessage,
  ): Promise<{ readonly status: 201 | 412; readonly body: MessageSendingStatus }>;
}

/** What `on-message-sent` says. */
export type Told = InputOf<typeof onMessageSent>;

/** The recipients of `on-message-sent`: ciphertexts by client of one user. */
export function to(user: User, ciphertexts: Readonly<Record<string, string>>): Told['recipients'] {
  return { [user.id]: ciphertexts } as Told['recipients'];
}

/** Answers of B about Bob's clients. */
export function clientsOf(bob: User, clients: readonly string[] = ['4', '5']): Script {
  return (call: Called) => {
    if (call.rpc !== 'get-user-clients') return willingRemotes(call);
    const { users } = call.input as { readonly users: readonly string[] };
    return Object.fromEntries(users.map((id) => [id, id === bob.id ? clients.map((id) => ({ id })) : []]));
  };
}

export async function openChat(
  settings: Parameters<typeof openRig>[0] = {},
  url?: string,
): Promise<Chat & AsyncDisposable> {
  const rig = await openRig(settings, url);
  const [alice, anna, bob] = [rig.user(), rig.user(), userOf(b)];
  rig.connect(alice, anna, bob);
  rig.clients.set(alice.id, ['1', '2'] as ClientId[]);
  rig.clients.set(anna.id, ['3'] as ClientId[]);
  const { body: made } = await rig.send(alice, createConversation, {
    body: { qualified_users: [anna, bob], conversation_role: 'wire_member' },
  });
  rig.script = clientsOf(bob);
  rig.pushes.length = 0;
  rig.told.length = 0;
  rig.calls.length = 0;
  return {
    rig,
    cnv: made.id,
    alice,
    anna,
    bob,
    everybody: [
      [alice, '2'],
      [anna, '3'],
      [bob, '4'],
      [bob, '5'],
    ],
    send: (from, message) =>
      rig.send(from, sendQualifiedMessage, { params: { domain: a, cnv: made.id }, body: protobuf(message) }),
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}
