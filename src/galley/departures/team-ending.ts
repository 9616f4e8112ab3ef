import type { BackendDomain, ConversationId, TeamId, UserId } from '#contract/ids.ts';
import type { Storage } from '#storage';
import type { OwnConversation } from '../conversations/conversation.ts';
import { listTeamConversations } from '../conversations/conversation-store.ts';
import type { Conversations } from '../conversations/conversations.ts';
import type { UserLookup } from '../needs.ts';
import type { Publish } from '../updates/publish.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  readonly conversations: Conversations;
  readonly users: UserLookup;
  readonly publish: Publish;
  readonly now: () => number;
}

/**
 * Ends every conversation of a team that was deleted, each in a unit of work of its own. Other backends are told of
 * each, and of own users those who are not in the team: its members are told that they have no team any more
 * (reference events 2).
 */
export type EndTeamConversations = (team: TeamId, by: UserId, signal: AbortSignal) => Promise<void>;

export function createEndTeamConversations(needs: Needs): EndTeamConversations {
  const { storage, conversations, users } = needs;
  return async (team, by, signal) => {
    for (const id of await listTeamConversations(storage.reader, team)) {
      signal.throwIfAborted();
      const seen = await conversations.find(id);
      if (seen === undefined) continue;
      const accounts = await users.listOwn([...seen.ownMembers.keys()]);
      const members = accounts.filter((account) => account.team === team);
      await end(needs, id, by, new Set(members.map((member) => member.id)));
    }
  };
}

async function end(
  { ownDomain, storage, conversations, publish, now }: Needs,
  id: ConversationId,
  by: UserId,
  untold: ReadonlySet<UserId>,
): Promise<void> {
  await storage.work(async (work) => {
    const before = await conversations.lock(work, id);
    if (before === undefined) return;
    await conversations.remove(work, id);
    const actor = { user: { domain: ownDomain, id: by } };
    const outcome = { action: { tag: 'ConversationDeleteTag', action: {} } } as const;
    await publish(work, without(before, untold), actor, outcome, new Date(now()).toISOString());
  });
}

function without(conversation: OwnConversation, users: ReadonlySet<UserId>): OwnConversation {
  const ownMembers = new Map([...conversation.ownMembers].filter(([id]) => !users.has(id)));
  return { ...conversation, ownMembers };
}
