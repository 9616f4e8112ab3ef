import type { ConversationId } from '#contract/ids.ts';
import type { ConversationMemberRow, MemberSettingsColumns, Reader, Work } from '#storage';
import { byDomain, type Member, type QualifiedUser } from '../conversations/conversation.ts';
import { defaultSettings } from './member-settings.ts';

/** Rows of the members of conversations that this backend owns. */

/** Rows in one statement: below SQLite's limit of variables. */
const rowsPerStatement = 500;

/** Adds members; who is one already is left as it is. */
export async function insertMembers(
  work: Work,
  conversation: ConversationId,
  members: readonly Member[],
): Promise<void> {
  for (let at = 0; at < members.length; at += rowsPerStatement) {
    const rows = members.slice(at, at + rowsPerStatement).map(
      ({ user, role, service }): ConversationMemberRow => ({
        conversation_id: conversation,
        user_domain: user.domain,
        user_id: user.id,
        role,
        service: service === undefined ? null : JSON.stringify(service),
        ...defaultSettings,
      }),
    );
    await work.db
      .insertInto('conversation_member')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/** Takes members away. */
export async function deleteMembers(
  work: Work,
  conversation: ConversationId,
  users: readonly QualifiedUser[],
): Promise<void> {
  for (const [domain, ids] of byDomain(users)) {
    for (let at = 0; at < ids.length; at += rowsPerStatement) {
      await work.db
        .deleteFrom('conversation_member')
        .where('conversation_id', '=', conversation)
        .where('user_domain', '=', domain)
        .where('user_id', 'in', ids.slice(at, at + rowsPerStatement))
        .execute();
    }
  }
}

/** Gives a member another role. */
export async function updateRole(
  work: Work,
  conversation: ConversationId,
  { domain, id }: QualifiedUser,
  role: string,
): Promise<void> {
  await work.db
    .updateTable('conversation_member')
    .set({ role })
    .where('conversation_id', '=', conversation)
    .where('user_domain', '=', domain)
    .where('user_id', '=', id)
    .execute();
}

/** What a member has set for itself, with its role. */
export async function findMemberSettings(
  reader: Reader,
  conversation: ConversationId,
  { domain, id }: QualifiedUser,
): Promise<(MemberSettingsColumns & { readonly role: string }) | undefined> {
  return reader
    .selectFrom('conversation_member')
    .select(['role', 'muted_status', 'muted_ref', 'archived', 'archived_ref', 'hidden', 'hidden_ref'])
    .where('conversation_id', '=', conversation)
    .where('user_domain', '=', domain)
    .where('user_id', '=', id)
    .executeTakeFirst();
}

/** Sets what a member sets for itself. Returns false when it is none. */
export async function updateMemberSettings(
  work: Work,
  conversation: ConversationId,
  { domain, id }: QualifiedUser,
  settings: Partial<MemberSettingsColumns>,
): Promise<boolean> {
  const rows = await work.db
    .updateTable('conversation_member')
    .set(settings)
    .where('conversation_id', '=', conversation)
    .where('user_domain', '=', domain)
    .where('user_id', '=', id)
    .returning('user_id')
    .execute();
  return rows.length > 0;
}

/** Ids of the conversations owned here that a user is in and that have MLS groups, in order. */
export async function listMlsConversationsOf(
  reader: Reader,
  { domain, id }: QualifiedUser,
): Promise<readonly ConversationId[]> {
  const rows = await reader
    .selectFrom('conversation_member')
    .innerJoin('conversation', 'conversation.id', 'conversation_member.conversation_id')
    .select('conversation_id')
    .where('user_id', '=', id)
    .where('user_domain', '=', domain)
    .where('protocol', '!=', 'proteus')
    .orderBy('conversation_id')
    .execute();
  return rows.map((row) => row.conversation_id as ConversationId);
}

/** Ids of the conversations owned here that a user is in, after `after` and in order. */
export async function listConversationsOf(
  reader: Reader,
  { domain, id }: QualifiedUser,
  after: string,
  limit: number,
): Promise<readonly ConversationId[]> {
  const rows = await reader
    .selectFrom('conversation_member')
    .select('conversation_id')
    .where('user_id', '=', id)
    .where('user_domain', '=', domain)
    .where('conversation_id', '>', after)
    .orderBy('conversation_id')
    .limit(limit)
    .execute();
  return rows.map((row) => row.conversation_id as ConversationId);
}
