import { onMessageSent } from '#contract/federation/galley.ts';
import type { BackendDomain, ConversationId } from '#contract/ids.ts';
import type { MessageSendingStatus, NewMessage } from '#contract/messages.ts';
import { refuse } from '#contract/refusal.ts';
import type { InputOf } from '#contract/rpc.ts';
import type { Storage, Work } from '#storage';
import { type OwnConversation, roleOf } from '../conversations/conversation.ts';
import type { ConversationLookup } from '../conversations/conversations.ts';
import { assertNotOverheard } from '../legalhold/consent.ts';
import { type ClientLookup, type Events, type LegalholdLookup, laneOf, type Outbox } from '../needs.ts';
import { messageJudged } from '../telemetry.ts';
import type { Actor } from '../updates/publish.ts';
import { findMembersClients, type MembersClients } from './known-clients.ts';
import { messagePushes, type Posting } from './message-events.ts';
import {
  type ClientSets,
  type Comparison,
  clientsAt,
  compareClients,
  type Envelope,
  toAnswer,
} from './mismatch.ts';

/** What has become of a message that was not refused. */
export interface SendingResult {
  /** False: clients are missing, and nobody has got anything. */
  readonly isSent: boolean;
  readonly status: MessageSendingStatus;
}

/**
 * Sends a message in a conversation owned here, for its members on any backend.
 * @throws Refusal `no-conversation` (also for who is no member, and where messages are MLS ones), `unknown-client`,
 * `missing-legalhold-consent`
 */
export type SendToOwn = (
  actor: Actor,
  id: ConversationId,
  message: NewMessage,
  requestId?: string,
) => Promise<SendingResult>;

export interface SendNeeds {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  readonly conversations: ConversationLookup;
  readonly clients: ClientLookup;
  readonly legalhold: LegalholdLookup;
  readonly events: Events;
  readonly outbox: Outbox;
  /** Without it nothing can be queued for other backends. */
  readonly isFederating: boolean;
  readonly remoteClientsMs: number;
  readonly now: () => number;
}

/**
 * What other backends have to be asked comes before the unit of work; who is a member is looked at again inside, so
 * that nobody gets what was sent after it left. The order in which units of work commit is the order in which every
 * member sees the messages: of own users by their streams, of others by the conversation's lane.
 */
export function createSendToOwn(needs: SendNeeds): SendToOwn {
  const { ownDomain, storage, conversations, isFederating, now } = needs;
  return async (actor, id, message, requestId) => {
    const seen = mustTakeMessages(await conversations.find(id), actor, ownDomain);
    const members = await findMembersClients(needs, seen, message.recipients, requestId);
    const sender = { ...actor.user, user: actor.user.id, client: message.sender };
    if (members.known.get(sender.domain)?.get(sender.user)?.has(sender.client) !== true)
      throw refuse('unknown-client');
    if (sender.domain === ownDomain)
      await assertNotOverheard(needs.legalhold, storage.reader, [...seen.ownMembers.keys()], members.own);
    const compared = compareClients(sender, members.known, message.recipients, message.strategy);
    const isSent = compared.missing.size === 0;
    messageJudged(isSent);
    if (!isSent) return { isSent, status: statusOf(now(), compared) };
    const isReachable = (domain: BackendDomain) => domain === ownDomain || isFederating;
    const time = await storage.work(async (work) => {
      const current = await conversations.find(id, work);
      const valid = current === seen ? compared.valid : stillMembers(current, actor, compared, ownDomain);
      const at = now();
      const reachable = [...valid].filter(([domain]) => isReachable(domain));
      await post(needs, work, actor, postingOf(actor, id, message, at, ownDomain), reachable);
      return at;
    });
    const failed = unqueued([...compared.valid].filter(([domain]) => !isReachable(domain)));
    return { isSent, status: sentStatus(time, compared, members, failed) };
  };
}

function mustTakeMessages(
  conversation: OwnConversation | undefined,
  { user }: Actor,
  ownDomain: BackendDomain,
): OwnConversation {
  if (
    conversation === undefined ||
    conversation.protocol === 'mls' ||
    roleOf(conversation, user, ownDomain) === undefined
  )
    throw refuse('no-conversation');
  return conversation;
}

/** What is valid of a message when the conversation has changed since its members' clients were asked for. */
function stillMembers(
  current: OwnConversation | undefined,
  actor: Actor,
  { valid }: Comparison,
  ownDomain: BackendDomain,
): Comparison['valid'] {
  const conversation = mustTakeMessages(current, actor, ownDomain);
  const remaining = new Map<BackendDomain, readonly Envelope[]>();
  for (const [domain, envelopes] of valid) {
    const roles = domain === ownDomain ? conversation.ownMembers : conversation.remoteMembers.get(domain);
    const left = envelopes.filter(({ user }) => roles?.has(user));
    if (left.length > 0) remaining.set(domain, left);
  }
  return remaining;
}

function postingOf(
  { user }: Actor,
  id: ConversationId,
  message: NewMessage,
  time: number,
  ownDomain: BackendDomain,
): Posting {
  const { sender, nativePush, nativePriority, transient, data } = message;
  return {
    conversation: { domain: ownDomain, id },
    from: user,
    time: new Date(time).toISOString(),
    senderClient: sender,
    nativePush,
    nativePriority,
    transient,
    data,
  };
}

async function post(
  { ownDomain, events, outbox }: SendNeeds,
  work: Work,
  actor: Actor,
  posting: Posting,
  valid: readonly (readonly [BackendDomain, readonly Envelope[]])[],
): Promise<void> {
  for (const [domain, envelopes] of valid) {
    if (domain === ownDomain)
      await events.pushMany(work, messagePushes(posting, envelopes, ownDomain, actor));
    else
      await outbox.tell(
        work,
        [domain],
        onMessageSent,
        laneOf(posting.conversation),
        notificationOf(posting, envelopes),
      );
  }
}

function notificationOf(posting: Posting, envelopes: readonly Envelope[]): InputOf<typeof onMessageSent> {
  const recipients: Record<string, Record<string, string>> = {};
  for (const { user, client, text } of envelopes) {
    const ciphertexts = recipients[user] ?? {};
    ciphertexts[client] = text;
    recipients[user] = ciphertexts;
  }
  return {
    time: posting.time,
    data: posting.data ?? null,
    sender: posting.from,
    sender_client: posting.senderClient,
    conversation: posting.conversation.id,
    priority: posting.nativePriority ?? null,
    push: posting.nativePush,
    transient: posting.transient,
    recipients,
  };
}

function unqueued(unreachable: readonly (readonly [BackendDomain, readonly Envelope[]])[]): ClientSets {
  const failed: ClientSets = new Map();
  for (const [domain, envelopes] of unreachable)
    for (const { user, client } of envelopes) clientsAt(failed, domain, user).add(client);
  return failed;
}

/** Redundant clients of members whose backend did not answer count as failed (reference client-api 5.3, step 11). */
function sentStatus(
  time: number,
  compared: Comparison,
  { unconfirmed, unknown }: MembersClients,
  unqueuedClients: ClientSets,
): MessageSendingStatus {
  const redundant: ClientSets = new Map();
  const failedRedundant: ClientSets = new Map();
  for (const [domain, users] of compared.redundant)
    for (const [user, clients] of users) {
      const into = unknown.get(domain)?.has(user) === true ? failedRedundant : redundant;
      const all = clientsAt(into, domain, user);
      for (const client of clients) all.add(client);
    }
  const failed = [unqueuedClients, unknown, failedRedundant] as const;
  return {
    ...statusOf(time, { ...compared, redundant }),
    failed_to_send: toAnswer(...failed),
    failed_to_confirm_clients: toAnswer(unconfirmed, ...failed),
  };
}

/** The status of a message before anything of it has failed. */
export function statusOf(
  time: number,
  { missing, redundant, deleted }: Omit<Comparison, 'valid'>,
): MessageSendingStatus {
  return {
    time: new Date(time).toISOString(),
    missing: toAnswer(missing),
    redundant: toAnswer(redundant),
    deleted: toAnswer(deleted),
    failed_to_send: {},
    failed_to_confirm_clients: {},
  };
}
