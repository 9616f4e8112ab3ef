import {
  maxConversationsPerNotification,
  onClientRemoved,
  onUserDeletedConversations,
} from '#contract/federation/galley.ts';
import type { BackendDomain, ClientId, ConversationId, UserId } from '#contract/ids.ts';
import type { Work } from '#storage';
import {
  byConversationDomain,
  isSameUser,
  type QualifiedConversation,
  type QualifiedUser,
} from '../conversations/conversation.ts';
import type { Conversations } from '../conversations/conversations.ts';
import { listConversationsOf, listMlsConversationsOf } from '../members/member-store.ts';
import { listRemoteConversationsOf } from '../members/remote-membership-store.ts';
import type { ProposeRemovals } from '../mls-messages/removal-proposals.ts';
import type { Outbox } from '../needs.ts';
import type { Publish } from '../updates/publish.ts';
import { takeOut } from './take-out.ts';

/** Users and clients that are gone take their leave of every conversation (reference federation-api 7.8). */
export interface Departures {
  /** An own user is deleted, in the unit of work of the deletion. */
  userDeleted(work: Work, user: UserId): Promise<void>;
  /** A client of an own user is gone. */
  clientRemoved(work: Work, user: UserId, client: ClientId): Promise<void>;
  /** A client of a user of another backend is gone, and was in groups of these conversations if it says the truth. */
  remoteClientRemoved(
    work: Work,
    user: QualifiedUser,
    client: ClientId,
    conversations: readonly ConversationId[],
  ): Promise<void>;
  /** A user of another backend is deleted, and was in this conversation of ours if it says the truth. */
  remoteUserDeleted(work: Work, user: QualifiedUser, conversation: ConversationId): Promise<void>;
}

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly conversations: Conversations;
  readonly outbox: Outbox;
  readonly publish: Publish;
  readonly proposeRemovals: ProposeRemovals;
  readonly isFederating: boolean;
  readonly now: () => number;
}

const pageSize = maxConversationsPerNotification;

export function createDepartures(needs: Needs): Departures {
  const { ownDomain, conversations, outbox } = needs;
  return {
    async userDeleted(work, id) {
      const user = { domain: ownDomain, id };
      for (;;) {
        const ids = await listConversationsOf(work.reader, user, '', pageSize);
        for (const conversation of ids) await takeOut(needs, work, user, conversation, 'user-deleted');
        if (ids.length < pageSize) break;
      }
      await forEachRemotePage(work, id, async (domain, some) => {
        if (needs.isFederating) {
          await outbox.tell(work, [domain], onUserDeletedConversations, laneOf(id, some), {
            user: id,
            conversations: [...some],
          });
        }
        for (const conversation of some)
          await conversations.removeRemoteMembers(work, { domain, id: conversation }, [id]);
      });
    },
    async clientRemoved(work, id, client) {
      const user = { domain: ownDomain, id };
      const ids = await listMlsConversationsOf(work.reader, user);
      for (const conversation of ids) await takeClientOut(needs, work, user, client, conversation);
      if (!needs.isFederating) return;
      await forEachRemotePage(work, id, (domain, some) =>
        outbox.tell(work, [domain], onClientRemoved, laneOf(id, some), {
          user: id,
          client,
          convs: [...some],
        }),
      );
    },
    async remoteClientRemoved(work, user, client, ids) {
      for (const id of [...new Set(ids)].toSorted()) await takeClientOut(needs, work, user, client, id);
    },
    remoteUserDeleted: (work, user, conversation) => takeOut(needs, work, user, conversation, 'left'),
  };
}

/** Nothing else is ever told of a user and one of its conversations together. */
function laneOf(user: UserId, conversations: readonly ConversationId[]): string {
  return `pair:${user}:${conversations[0]}`;
}

async function forEachRemotePage(
  work: Work,
  user: UserId,
  visit: (domain: BackendDomain, some: readonly ConversationId[]) => Promise<void>,
): Promise<void> {
  let after: { readonly domain: string; readonly id: string } = { domain: '', id: '' };
  for (;;) {
    const page: readonly QualifiedConversation[] = await listRemoteConversationsOf(
      work.reader,
      user,
      after,
      pageSize,
    );
    for (const [domain, some] of byConversationDomain(page)) await visit(domain, some);
    const last = page.at(-1);
    if (page.length < pageSize || last === undefined) return;
    after = last;
  }
}

/** A client that is gone stays in no group; its user stays a member. */
async function takeClientOut(
  { conversations, proposeRemovals, now }: Needs,
  work: Work,
  user: QualifiedUser,
  client: ClientId,
  id: ConversationId,
): Promise<void> {
  const seen = await conversations.find(id, work);
  if (seen === undefined || seen.protocol === 'proteus') return;
  const conversation = await conversations.lock(work, id);
  if (conversation === undefined) return;
  await proposeRemovals(work, {
    conversation,
    groups: 'all',
    isAffected: (leaf) => leaf.client === client && isSameUser(leaf.user, user),
    from: user,
    time: now(),
  });
}
