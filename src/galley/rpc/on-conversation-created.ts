import type { ConversationCreated, onConversationCreated } from '#contract/federation/galley.ts';
import type { BackendDomain, UserId } from '#contract/ids.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { Storage, Work } from '#storage';
import type { QualifiedUser } from '../conversations/conversation.ts';
import { conversationEvent, eventTime } from '../conversations/conversation-event.ts';
import type { Conversations } from '../conversations/conversations.ts';
import { type ConversationView, legacyView, routeOf } from '../conversations/view.ts';
import { defaultSettings } from '../members/member-settings.ts';
import type { Events, UserLookup } from '../needs.ts';
import { remoteView } from '../reading/remote-view.ts';
import { listWilling } from '../remote/apply-update.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  readonly conversations: Conversations;
  readonly users: UserLookup;
  readonly events: Events;
}

/** The role that own users have when their owner names none, and the creator always. */
const adminRole = 'wire_admin';

/**
 * Own users are in a new conversation of the caller, unless they are not connected with its creator (reference
 * federation-api 5.4.1).
 */
export function serveOnConversationCreated(needs: Needs): RpcHandler<typeof onConversationCreated> {
  const { ownDomain, storage, conversations } = needs;
  return async ({ origin }, created) => {
    const time = eventTime(created.time);
    const creator = { domain: origin, id: created.orig_user_id };
    const own = created.non_creator_members
      .map(({ qualified_id }) => qualified_id)
      .filter(({ domain }) => domain === ownDomain)
      .map(({ id }) => id);
    const willing = await listWilling(needs, creator, [...new Set(own)]);
    if (willing.size === 0) return {};
    await storage.work(async (work) => {
      const conversation = { domain: origin, id: created.cnv_id };
      const members = await conversations.findRemoteMembers(conversation, work);
      const added = [...willing].filter((id) => !members.has(id));
      if (added.length === 0) return;
      await conversations.addRemoteMembers(work, conversation, added);
      for (const user of added) await tell(needs, work, { created, creator, time, willing }, user);
    });
    return {};
  };
}

interface Creation {
  readonly created: ConversationCreated;
  readonly creator: QualifiedUser;
  readonly time: string;
  readonly willing: ReadonlySet<UserId>;
}

async function tell(
  { ownDomain, events }: Needs,
  work: Work,
  creation: Creation,
  user: UserId,
): Promise<void> {
  const { creator, time, created } = creation;
  const conversation = { domain: creator.domain, id: created.cnv_id };
  await events.push(work, {
    recipients: [{ user }],
    event: conversationEvent(
      'conversation.create',
      { conversation, from: creator, time },
      legacyView(viewOf(creation, { domain: ownDomain, id: user })),
    ),
    route: routeOf(created.cnv_type),
  });
}

/** What the owner tells of a conversation when it is new, as one of its members here sees it. */
function viewOf({ created, creator, willing }: Creation, self: QualifiedUser): ConversationView {
  const isHere = ({ domain }: QualifiedUser) => domain === self.domain;
  const others = created.non_creator_members.filter(
    ({ qualified_id: user }) => !isHere(user) || (willing.has(user.id) && user.id !== self.id),
  );
  const me = created.non_creator_members.find(
    ({ qualified_id: user }) => isHere(user) && user.id === self.id,
  );
  const told = {
    id: created.cnv_id,
    metadata: {
      type: created.cnv_type,
      creator: creator.id,
      access: created.cnv_access,
      access_role: created.cnv_access_roles,
      name: created.cnv_name ?? null,
      team: null,
      message_timer: created.message_timer ?? null,
      receipt_mode: created.receipt_mode ?? null,
    },
    members: {
      self_role: me?.conversation_role ?? adminRole,
      others: [{ qualified_id: creator, conversation_role: adminRole }, ...others],
    },
  };
  return remoteView({ domain: creator.domain, id: created.cnv_id }, told, self, defaultSettings);
}
