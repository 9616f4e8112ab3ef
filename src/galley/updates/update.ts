import { conversationTypes, type RoleAction } from '#contract/conversations.ts';
import type { BackendDomain, ConversationId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Storage, Work } from '#storage';
import { type OwnConversation, roleOf, withoutMembers } from '../conversations/conversation.ts';
import type { Conversations } from '../conversations/conversations.ts';
import { assertMayDo } from '../members/role-table.ts';
import { clientsOf, type ProposeRemovals } from '../mls-messages/removal-proposals.ts';
import type { Actor, Outcome, Publish, Published } from './publish.ts';

/**
 * The one way in which a conversation owned here changes, whoever asks (reference client-api 4.4). The checks come in
 * the order of the reference; those that need an answer of others come before the unit of work, and what can have
 * changed meanwhile is checked again inside.
 */

/** A kind of change. */
export interface Change {
  /** What the actor's role must allow. */
  needs(conversation: OwnConversation): readonly RoleAction[];
  /** Also where it is no group. */
  readonly anyType?: boolean;
  /** Members of MLS groups change by commits. */
  readonly notInMls?: boolean;
  /** From which MLS groups the clients of those who are removed are to go; from all when not given. */
  readonly endsIn?: 'all' | 'subconversations';
  /** Further checks that ask others. */
  readonly prepare?: (conversation: OwnConversation, actor: Actor, role: string) => Promise<void>;
  /** Further checks, and the change. Nothing in the answer: there is nothing to change. */
  apply(work: Work, conversation: OwnConversation, actor: Actor, role: string): Promise<readonly Outcome[]>;
}

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  readonly conversations: Conversations;
  readonly publish: Publish;
  readonly proposeRemovals: ProposeRemovals;
  readonly now: () => number;
}

/** The change as it was published; undefined when nothing has changed. */
export type Update = (actor: Actor, id: ConversationId, change: Change) => Promise<Applied | undefined>;

export interface Applied extends Published {
  /** As it was before. */
  readonly conversation: OwnConversation;
}

export function createUpdate(needs: Needs): Update {
  const { ownDomain, storage, conversations, publish, proposeRemovals, now } = needs;
  return async (actor, id, change) => {
    const seen = mustBeFound(await conversations.find(id));
    const seenRole = admit(seen, actor, change, ownDomain);
    await change.prepare?.(seen, actor, seenRole);
    return storage.work(async (work) => {
      const before = mustBeFound(await conversations.lock(work, id));
      const role = admit(before, actor, change, ownDomain);
      const outcomes = await change.apply(work, before, actor, role);
      const at = now();
      const time = new Date(at).toISOString();
      let conversation = before;
      let first: Published | undefined;
      for (const outcome of outcomes) {
        const published = await publish(work, conversation, actor, outcome, time);
        first ??= published;
        // Who is gone is told of nothing that happens afterwards.
        conversation = withoutMembers(conversation, outcome.removed ?? [], ownDomain);
        const groups = change.endsIn ?? 'all';
        for (const user of outcome.removed ?? [])
          await proposeRemovals(work, { conversation, groups, ...clientsOf(user), time: at });
      }
      return first && { ...first, conversation: before };
    });
  };
}

function mustBeFound(conversation: OwnConversation | undefined): OwnConversation {
  if (conversation === undefined) throw refuse('no-conversation');
  return conversation;
}

/**
 * Whether the actor may change the conversation so.
 * @returns the actor's role
 * @throws Refusal `no-conversation` for who is no member, `action-denied`, `invalid-op`
 */
export function admit(
  conversation: OwnConversation,
  actor: Actor,
  change: Change,
  ownDomain: BackendDomain,
): string {
  if (change.notInMls === true && conversation.protocol === 'mls') throw refuse('invalid-op');
  const role = roleOf(conversation, actor.user, ownDomain);
  if (role === undefined) throw refuse('no-conversation');
  assertMayDo(role, change.needs(conversation));
  if (change.anyType !== true && conversation.type !== conversationTypes.group) throw refuse('invalid-op');
  return role;
}
