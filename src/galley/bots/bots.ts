import type { ConversationEvent } from '#contract/events/conversation.ts';
import type { BackendDomain, ConversationId, TeamId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { BotConversationView } from '#contract/services.ts';
import {
  membersOf,
  type OwnConversation,
  type QualifiedUser,
  roleOf,
} from '../conversations/conversation.ts';
import { otherMember } from '../conversations/view.ts';
import { qualify } from '../proteus/bare-ids.ts';
import {
  type AddBotNeeds,
  addBot,
  assertKeepsBots,
  assertTakesBot,
  type NewBot,
} from '../updates/changes/add-bot.ts';
import { leave, removeMembers } from '../updates/changes/remove-members.ts';
import type { Actor } from '../updates/publish.ts';
import type { Update } from '../updates/update.ts';

/** What a service is told of a conversation that it is asked to come into. */
export interface OpenForBots {
  readonly team: TeamId | null;
  readonly view: BotConversationView;
}

/** Bots in conversations that are owned here; they are in no others (reference client-api 9.5). */
export interface BotMembers {
  /**
   * The conversation that a user may add a bot to.
   * @throws Refusal `no-conversation`, `access-denied`, `invalid-conversation`, `too-many-members`, `invalid-op` for MLS
   */
  getOpen(actor: Actor, id: ConversationId): Promise<OpenForBots>;
  /** Adds a bot, and answers with the event. @throws Refusal as `getOpen` */
  add(actor: Actor, id: ConversationId, bot: NewBot): Promise<ConversationEvent>;
  /**
   * An admin takes a bot out; undefined when it is not in.
   * @throws Refusal `no-conversation`, `access-denied`, `invalid-conversation`
   */
  remove(actor: Actor, id: ConversationId, bot: UserId): Promise<ConversationEvent | undefined>;
  /** A bot leaves, whatever its role, if it has not left. */
  leave(id: ConversationId, bot: UserId): Promise<void>;
  isMember(id: ConversationId, bot: UserId): Promise<boolean>;
  /** Whom a bot means by bare ids. @throws Refusal `no-conversation` for one that is not in */
  qualify(id: ConversationId, bot: UserId, users: readonly UserId[]): Promise<readonly QualifiedUser[]>;
}

interface Needs extends AddBotNeeds {
  readonly update: Update;
}

export function createBotMembers(needs: Needs): BotMembers {
  const { ownDomain, conversations, maxConversationSize, update } = needs;

  async function seenBy(actor: Actor, id: ConversationId): Promise<readonly [OwnConversation, string]> {
    const conversation = await conversations.find(id);
    const role = conversation && roleOf(conversation, actor.user, ownDomain);
    if (conversation === undefined || role === undefined) throw refuse('no-conversation');
    return [conversation, role];
  }

  async function isMember(id: ConversationId, bot: UserId): Promise<boolean> {
    return (await conversations.find(id))?.bots?.has(bot) === true;
  }

  return {
    async getOpen(actor, id) {
      const [conversation, role] = await seenBy(actor, id);
      assertTakesBot(conversation, role, maxConversationSize);
      if (conversation.protocol === 'mls') throw refuse('invalid-op');
      return { team: conversation.team, view: botView(conversation, ownDomain) };
    },
    async add(actor, id, bot) {
      const applied = await update(actor, id, addBot(needs, bot));
      if (applied === undefined) throw new Error('adding a bot has changed nothing');
      return applied.event;
    },
    async remove(actor, id, bot) {
      const [conversation, role] = await seenBy(actor, id);
      assertKeepsBots(conversation, role);
      if (conversation.bots?.has(bot) !== true) return undefined;
      const target = { domain: ownDomain, id: bot };
      return (await update(actor, id, removeMembers(conversations, ownDomain, [target])))?.event;
    },
    async leave(id, bot) {
      if (await isMember(id, bot))
        await update({ user: { domain: ownDomain, id: bot } }, id, {
          ...leave(conversations),
          needs: () => [],
        });
    },
    isMember,
    async qualify(id, bot, users) {
      const conversation = await conversations.find(id);
      if (conversation?.bots?.has(bot) !== true) throw refuse('no-conversation');
      return users.map((user) => qualify(conversation, ownDomain, user));
    },
  };
}

/** A conversation as a bot sees it: with everybody else in it. */
export function botView(
  conversation: OwnConversation,
  ownDomain: BackendDomain,
  bot?: UserId,
): BotConversationView {
  const others = membersOf(conversation, ownDomain).filter(
    ({ user }) => user.id !== bot || user.domain !== ownDomain,
  );
  return {
    id: conversation.id,
    ...(conversation.name === null ? {} : { name: conversation.name }),
    members: others.map(otherMember),
  };
}
