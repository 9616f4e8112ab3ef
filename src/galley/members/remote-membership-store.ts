import { randomUUID } from 'node:crypto';
import type { BackendDomain, ConversationId, Qualified, UserId } from '#contract/ids.ts';
import { hotQuery, type MemberSettingsColumns, type Reader, type Work } from '#storage';
import type { QualifiedConversation } from '../conversations/conversation.ts';
import { defaultSettings } from './member-settings.ts';

/** Which own users are in conversations of other backends: all that is kept of those. */

const rowsPerStatement = 500;

const membersByConversation = hotQuery((reader, domain: string, id: string) =>
  reader
    .selectFrom('remote_conversation_member')
    .select(['user_id', 'stay'])
    .where('domain', '=', domain)
    .where('conversation_id', '=', id),
);

/** Own users in a conversation, each with the name of its stay there. */
export async function findRemoteMembers(
  reader: Reader,
  { domain, id }: QualifiedConversation,
): Promise<ReadonlyMap<UserId, string>> {
  const rows = await membersByConversation(reader, domain, id);
  return new Map(rows.map(({ user_id, stay }) => [user_id as UserId, stay]));
}

/** Adds own users; who is in already stays as it is. */
export async function insertRemoteMembers(
  work: Work,
  { domain, id }: QualifiedConversation,
  users: readonly UserId[],
): Promise<void> {
  for (let at = 0; at < users.length; at += rowsPerStatement) {
    const rows = users.slice(at, at + rowsPerStatement).map((user_id) => ({
      domain,
      conversation_id: id,
      user_id,
      stay: randomUUID(),
      ...defaultSettings,
    }));
    await work.db
      .insertInto('remote_conversation_member')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/** Takes own users out. */
export async function deleteRemoteMembers(
  work: Work,
  { domain, id }: QualifiedConversation,
  users: readonly UserId[],
): Promise<void> {
  for (let at = 0; at < users.length; at += rowsPerStatement) {
    await work.db
      .deleteFrom('remote_conversation_member')
      .where('domain', '=', domain)
      .where('conversation_id', '=', id)
      .where('user_id', 'in', users.slice(at, at + rowsPerStatement))
      .execute();
  }
}

/** What a user has set for itself in a conversation of another backend. */
export async function findRemoteSettings(
  reader: Reader,
  { domain, id }: QualifiedConversation,
  user: UserId,
): Promise<MemberSettingsColumns | undefined> {
  return reader
    .selectFrom('remote_conversation_member')
    .select(['muted_status', 'muted_ref', 'archived', 'archived_ref', 'hidden', 'hidden_ref'])
    .where('domain', '=', domain)
    .where('conversation_id', '=', id)
    .where('user_id', '=', user)
    .executeTakeFirst();
}

/** Sets what a user sets for itself. Returns false when it is no member. */
export async function updateRemoteSettings(
  work: Work,
  { domain, id }: QualifiedConversation,
  user: UserId,
  settings: Partial<MemberSettingsColumns>,
): Promise<boolean> {
  const rows = await work.db
    .updateTable('remote_conversation_member')
    .set(settings)
    .where('domain', '=', domain)
    .where('conversation_id', '=', id)
    .where('user_id', '=', user)
    .returning('user_id')
    .execute();
  return rows.length > 0;
}

/** Conversations of other backends that a user is in, after `after`, by domain and id. */
export async function listRemoteConversationsOf(
  reader: Reader,
  user: UserId,
  after: { readonly domain: string; readonly id: string },
  limit: number,
): Promise<readonly Qualified<ConversationId>[]> {
  const rows = await reader
    .selectFrom('remote_conversation_member')
    .select(['domain', 'conversation_id'])
    .where('user_id', '=', user)
    .where((eb) =>
      eb.or([
        eb('domain', '>', after.domain),
        eb.and([eb('domain', '=', after.domain), eb('conversation_id', '>', after.id)]),
      ]),
    )
    .orderBy('domain')
    .orderBy('conversation_id')
    .limit(limit)
    .execute();
  return rows.map(({ domain, conversation_id }) => ({
    domain: domain as BackendDomain,
    id: conversation_id as ConversationId,
  }));
}
