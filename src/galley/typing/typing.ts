import type { TypingStatus } from '#contract/conversations.ts';
import {
  onTypingIndicatorUpdated,
  type TypingUpdated,
  updateTypingIndicator,
} from '#contract/federation/galley.ts';
import type { CallOptions, FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain, ConversationId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Storage } from '#storage';
import { type QualifiedConversation, type QualifiedUser, roleOf } from '../conversations/conversation.ts';
import { conversationEvent, eventTime } from '../conversations/conversation-event.ts';
import type { ConversationLookup } from '../conversations/conversations.ts';
import type { Events } from '../needs.ts';
import { relayFailed } from '../telemetry.ts';
import { type Actor, originOf } from '../updates/publish.ts';

/** Who types, told to whoever looks just now and to nobody later (reference federation-api 7.7). */
export interface Typing {
  /** An own user types, in a conversation of any backend. @throws Refusal `no-conversation` */
  type(
    actor: Actor,
    conversation: QualifiedConversation,
    status: TypingStatus,
    options: CallOptions,
  ): Promise<void>;
  /**
   * A member of a conversation of ours types; everybody but its own backend is told.
   * @returns what its backend is to tell its users
   * @throws Refusal `no-conversation`
   */
  typeInOwn(actor: Actor, id: ConversationId, status: TypingStatus): Promise<TypingUpdated>;
  /** The owner of a conversation says that somebody types; only users who are in it see that. */
  relay(owner: BackendDomain, update: TypingUpdated, actor?: Actor): Promise<void>;
}

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  readonly federation: FederationCaller;
  readonly conversations: ConversationLookup;
  readonly events: Events;
  readonly now: () => number;
}

export function createTyping(needs: Needs): Typing {
  const { ownDomain, conversations, federation } = needs;
  const typing: Typing = {
    async type(actor, conversation, status, options) {
      if (conversation.domain === ownDomain) {
        await typing.typeInOwn(actor, conversation.id, status);
        return;
      }
      const members = await conversations.findRemoteMembers(conversation);
      if (!members.has(actor.user.id)) throw refuse('no-conversation');
      const input = { typing_status: status, user_id: actor.user.id, conv_id: conversation.id };
      const answer = await federation.call(conversation.domain, updateTypingIndicator, input, options);
      if (answer.tag === 'TypingDataUpdateSuccess')
        await typing.relay(
          conversation.domain,
          { ...answer.contents, ...own(actor, conversation, status) },
          actor,
        );
    },

    async typeInOwn(actor, id, status) {
      const conversation = await conversations.find(id);
      if (conversation === undefined || roleOf(conversation, actor.user, ownDomain) === undefined)
        throw refuse('no-conversation');
      const time = new Date(needs.now()).toISOString();
      const update = { time, orig_user_id: actor.user, conv_id: id, typing_status: status };
      await show(needs, { domain: ownDomain, id }, actor, [...conversation.ownMembers.keys()], time, status);
      for (const [domain, roles] of conversation.remoteMembers) {
        if (domain === actor.user.domain) continue;
        const input = { ...update, users_in_conv: [...roles.keys()] };
        federation.call(domain, onTypingIndicatorUpdated, input).catch((error) => relayFailed(domain, error));
      }
      const back = conversation.remoteMembers.get(actor.user.domain)?.keys() ?? [];
      return { ...update, users_in_conv: [...back] };
    },

    async relay(owner, { time, orig_user_id, conv_id, users_in_conv, typing_status }, actor) {
      const conversation = { domain: owner, id: conv_id };
      const members = await conversations.findRemoteMembers(conversation);
      const users = users_in_conv.filter((id) => members.has(id));
      const from = actor ?? { user: orig_user_id };
      await show(needs, conversation, from, users, eventTime(time), typing_status);
    },
  };
  return typing;
}

/** What the user has asked for counts, whatever the owner repeats. */
function own({ user }: Actor, { id }: QualifiedConversation, typing_status: TypingStatus) {
  return { orig_user_id: user as QualifiedUser, conv_id: id, typing_status };
}

async function show(
  { ownDomain, storage, events }: Needs,
  conversation: QualifiedConversation,
  actor: Actor,
  users: readonly UserId[],
  time: string,
  status: TypingStatus,
): Promise<void> {
  if (users.length === 0) return;
  await storage.work((work) =>
    events.push(work, {
      recipients: users.map((user) => ({ user })),
      event: conversationEvent(
        'conversation.typing',
        { conversation, from: actor.user, time },
        {
          status: status.status,
        },
      ),
      ...originOf(actor, ownDomain),
      transient: true,
      route: 'direct',
    }),
  );
}
