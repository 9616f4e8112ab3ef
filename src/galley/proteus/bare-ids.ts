import type { ClientMismatch } from '#contract/client/messages.ts';
import type { BackendDomain, ClientId, Qualified, UserId } from '#contract/ids.ts';
import type { MismatchStrategy, NewMessage, QualifiedUserClients, UserClients } from '#contract/messages.ts';
import type { OwnConversation } from '../conversations/conversation.ts';
import type { SendingResult } from './send-to-own.ts';

/**
 * Bots and the oldest clients know users by bare ids: they were made before there was federation. In a conversation an
 * id says enough: it is that of an own user when one has it, else that of the member of another backend. Of members of
 * several other backends with one id the first backend's alone can be written to; the others cannot keep messages from
 * being sent.
 */
export function qualify(
  conversation: OwnConversation,
  ownDomain: BackendDomain,
  id: UserId,
): Qualified<UserId> {
  if (conversation.ownMembers.has(id)) return { domain: ownDomain, id };
  const domains = [...conversation.remoteMembers]
    .filter(([, roles]) => roles.has(id))
    .map(([domain]) => domain);
  return { domain: domains.toSorted()[0] ?? ownDomain, id };
}

/** A message of the legacy form, whose users all count as own ones, for those whom the sender means. */
export function qualifyMessage(
  conversation: OwnConversation,
  ownDomain: BackendDomain,
  message: NewMessage,
): NewMessage {
  const strategy = qualifyStrategy(conversation, ownDomain, message.strategy);
  return { ...qualifyRecipients(conversation, ownDomain, message), strategy };
}

/** The same for its recipients alone: clients of which the sender is not told are not reported as missing to it. */
export function qualifyRecipients(
  conversation: OwnConversation,
  ownDomain: BackendDomain,
  message: NewMessage,
): NewMessage {
  const recipients = new Map<BackendDomain, Map<UserId, ReadonlyMap<ClientId, string>>>();
  for (const users of message.recipients.values())
    for (const [id, texts] of users) {
      const { domain } = qualify(conversation, ownDomain, id);
      const there = recipients.get(domain) ?? new Map<UserId, ReadonlyMap<ClientId, string>>();
      recipients.set(domain, there.set(id, texts));
    }
  return { ...message, recipients };
}

function qualifyStrategy(
  conversation: OwnConversation,
  ownDomain: BackendDomain,
  strategy: MismatchStrategy,
): MismatchStrategy {
  if (strategy.tag === 'ignore-all') return strategy;
  const meant = ({ id }: { readonly id: UserId }) => qualify(conversation, ownDomain, id);
  if (strategy.tag === 'report-only') return { tag: 'report-only', users: strategy.users.map(meant) };
  const ignored = strategy.tag === 'ignore-only' ? strategy.users.map(meant) : [];
  const unmeant = [...conversation.remoteMembers].flatMap(([domain, roles]) =>
    [...roles.keys()].filter((id) => meant({ id }).domain !== domain).map((id) => ({ domain, id })),
  );
  const users = [...ignored, ...unmeant];
  return users.length === 0 ? { tag: 'report-all' } : { tag: 'ignore-only', users };
}

/** A result for a bot: users of all backends, by their bare ids. */
export function bareResult({ status }: SendingResult): ClientMismatch {
  return {
    time: status.time,
    missing: joined(status.missing),
    redundant: joined(status.redundant),
    deleted: joined(status.deleted),
  };
}

function joined(byDomain: QualifiedUserClients): UserClients {
  return Object.assign({}, ...Object.values(byDomain));
}
