import * as client from '#contract/client/conversations.ts';
import { mlsVersions } from '#contract/client/mls-keys.ts';
import type { BackendDomain, ConversationId, UserId } from '#contract/ids.ts';
import { parseUuid } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { Reader } from '#storage';
import type { QualifiedConversation } from '../conversations/conversation.ts';
import type { ConversationLookup } from '../conversations/conversations.ts';
import { legacyView, viewIn } from '../conversations/view.ts';
import { roleTable } from '../members/role-table.ts';
import type { GetMlsSelf } from '../mls-conversations/self-conversation.ts';
import { listConversationIds, listOwnIds } from '../reading/conversation-ids.ts';
import type { Listed, Reading } from '../reading/reading.ts';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly reader: Reader;
  readonly conversations: ConversationLookup;
  readonly reading: Reading;
  readonly mlsSelf: GetMlsSelf;
  readonly isMlsEnabled: boolean;
}

const defaultIdsPage = 1000;
/** Whole conversations in one answer, before version 3. */
const maxConversationsPage = 500;
const defaultConversationsPage = 100;

/** Reading and listing conversations. */
export function readingRoutes(needs: Needs): readonly ServedRoute[] {
  const { ownDomain, reader, reading, mlsSelf, isMlsEnabled } = needs;
  return [
    handle(client.getOwnDomainConversation, async ({ user, params, requestId, signal }) => {
      const id = { domain: ownDomain, id: params.cnv };
      return { status: 200, body: legacyView(await reading.get(user.userId, id, { requestId, signal })) };
    }),
    handle(client.getConversationV2, async ({ user, params, requestId, signal }) => {
      const id = { domain: params.domain, id: params.cnv };
      return { status: 200, body: legacyView(await reading.get(user.userId, id, { requestId, signal })) };
    }),
    handle(client.getConversation, async ({ user, params, version, requestId, signal }) => {
      const id = { domain: params.domain, id: params.cnv };
      const view = await reading.get(user.userId, id, { requestId, signal });
      return { status: 200, body: viewIn(version, view) };
    }),
    handle(client.listConversationsV1, async ({ user, body, requestId, signal }) => {
      const listed = await reading.list(user.userId, body.qualified_ids, { requestId, signal });
      return { status: 200, body: legacyAnswer(listed) };
    }),
    handle(client.listConversationsV2, async ({ user, body, requestId, signal }) => {
      const listed = await reading.list(user.userId, body.qualified_ids, { requestId, signal });
      return { status: 200, body: legacyAnswer(listed) };
    }),
    handle(client.listConversations, async ({ user, body, version, requestId, signal }) => {
      const listed = await reading.list(user.userId, body.qualified_ids, { requestId, signal });
      const found = listed.found.map((view) => viewIn(version, view));
      return { status: 200, body: { found, ...absent(listed) } };
    }),
    handle(client.listConversationIds, async ({ user, body, version }) => {
      const self = { domain: ownDomain, id: user.userId };
      // Clients find the conversation with themselves here, so it is made when there is none.
      if (isMlsEnabled && version >= mlsVersions[0]) await mlsSelf(user.userId);
      const state = body.paging_state ?? undefined;
      const page = await listConversationIds(reader, self, body.size ?? defaultIdsPage, state);
      return {
        status: 200,
        body: {
          qualified_conversations: [...page.ids],
          has_more: page.hasMore,
          paging_state: page.state,
        },
      };
    }),
    handle(client.getConversationIds, async ({ user, query }) => {
      const self = { domain: ownDomain, id: user.userId };
      const size = sizeOf(query.size, defaultIdsPage, defaultIdsPage);
      const { ids, hasMore } = await listOwnIds(reader, self, size, query.start);
      return { status: 200, body: { conversations: [...ids], has_more: hasMore } };
    }),
    handle(client.getConversations, async ({ user, query }) => {
      const self = { domain: ownDomain, id: user.userId };
      const size = sizeOf(query.size, defaultConversationsPage, maxConversationsPage);
      const page =
        query.ids === undefined
          ? await listOwnIds(reader, self, size, query.start)
          : { ids: parseIds(query.ids), hasMore: false };
      const asked = page.ids.map((id) => ({ domain: ownDomain, id }));
      const { found } = await reading.list(user.userId, asked);
      return { status: 200, body: { conversations: found.map(legacyView), has_more: page.hasMore } };
    }),
    handle(client.getConversationRoles, async ({ user, params }) => {
      await assertMember(needs, user.userId, params.cnv);
      return { status: 200, body: rolesList() };
    }),
  ];
}

/** Both roles with what they allow. */
export function rolesList() {
  return {
    conversation_roles: [...roleTable].map(([conversation_role, actions]) => ({
      conversation_role,
      actions: [...actions],
    })),
  };
}

async function assertMember({ conversations }: Needs, user: UserId, id: ConversationId): Promise<void> {
  const conversation = await conversations.find(id);
  if (conversation === undefined) throw refuse('no-conversation');
  if (!conversation.ownMembers.has(user)) throw refuse('access-denied');
}

function legacyAnswer(listed: Listed) {
  return { found: listed.found.map(legacyView), ...absent(listed) };
}

function absent({ notFound, failed }: Listed): {
  not_found: QualifiedConversation[];
  failed: QualifiedConversation[];
} {
  return { not_found: [...notFound], failed: [...failed] };
}

function sizeOf(text: string | undefined, byDefault: number, max: number): number {
  const size = text === undefined ? byDefault : Number(text);
  if (size < 1 || size > max)
    throw refuse('bad-request', { message: `size: found ${size}, expected 1 to ${max}` });
  return size;
}

function parseIds(text: string): readonly ConversationId[] {
  const parts = text.split(',').filter((part) => part !== '');
  if (parts.length > 32)
    throw refuse('bad-request', { message: `ids: found ${parts.length}, expected at most 32` });
  return parts.map((part) => {
    const id = parseUuid<ConversationId>(part);
    if (id === undefined)
      throw refuse('bad-request', { message: 'ids: expected UUIDs, separated by commas' });
    return id;
  });
}
