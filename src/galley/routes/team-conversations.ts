import * as client from '#contract/client/conversations.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { Reader } from '#storage';
import { listTeamConversations } from '../conversations/conversation-store.ts';
import type { Conversations } from '../conversations/conversations.ts';
import { assertTeamPermits } from '../members/team-permissions.ts';
import type { TeamLookup } from '../needs.ts';
import { deleteConversation } from '../updates/changes/delete-conversation.ts';
import type { Update } from '../updates/update.ts';
import { actorOf } from './caller.ts';
import { rolesList } from './reading.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly reader: Reader;
  readonly teams: TeamLookup;
  readonly conversations: Conversations;
  readonly update: Update;
}

/** Conversations as a team's members see them. */
export function teamConversationRoutes(needs: Needs): readonly ServedRoute[] {
  const { ownDomain, reader, conversations, teams, update } = needs;
  return [
    handle(client.getTeamConversationRoles, async ({ user, params }) => {
      await assertTeamPermits(teams, user.userId, params.tid);
      return { status: 200, body: rolesList() };
    }),
    handle(client.getTeamConversations, async ({ user, params }) => {
      await assertTeamPermits(teams, user.userId, params.tid, 'GetTeamConversations');
      const ids = await listTeamConversations(reader, params.tid);
      return {
        status: 200,
        body: { conversations: ids.map((conversation) => ({ conversation, managed: false })) },
      };
    }),
    handle(client.getTeamConversation, async ({ user, params }) => {
      await assertTeamPermits(teams, user.userId, params.tid, 'GetTeamConversations');
      const conversation = await conversations.find(params.cid);
      if (conversation?.team !== params.tid) throw refuse('no-conversation');
      return { status: 200, body: { conversation: params.cid, managed: false } };
    }),
    handle(client.deleteTeamConversation, async ({ user, params }) => {
      await assertTeamPermits(teams, user.userId, params.tid);
      const change = deleteConversation(conversations, params.tid);
      await update(actorOf(user, ownDomain), params.cid, change);
      return { status: 200 };
    }),
  ];
}
