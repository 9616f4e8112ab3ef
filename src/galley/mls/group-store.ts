import type { ConversationId } from '#contract/ids.ts';
import type { MlsGroupRow, Reader, Work } from '#storage';

/**
 * Rows of MLS groups of conversations owned here. Whoever changes a group has locked its conversation before: one group
 * changes after the other. The group of a conversation itself is also kept in memory with it, so it is changed through
 * `Conversations` only.
 */

/** Which group. */
export interface GroupAddress {
  readonly conversation: ConversationId;
  /** Empty for the conversation itself. */
  readonly subconversation: string;
}

/** What everybody may know of a group. */
export interface GroupState {
  readonly groupId: Buffer;
  readonly epoch: number;
  /** When the epoch began and the group's cipher suite: absent before the first commit. */
  readonly begun: { readonly at: number; readonly suite: number } | undefined;
}

export async function findGroup(reader: Reader, address: GroupAddress): Promise<GroupState | undefined> {
  const row = await reader
    .selectFrom('mls_group')
    .select(['group_id', 'epoch', 'epoch_at', 'suite'])
    .where('conversation_id', '=', address.conversation)
    .where('subconversation_id', '=', address.subconversation)
    .executeTakeFirst();
  return row === undefined ? undefined : groupOf(row);
}

function groupOf({
  group_id,
  epoch,
  epoch_at,
  suite,
}: Pick<MlsGroupRow, 'group_id' | 'epoch' | 'epoch_at' | 'suite'>): GroupState {
  return {
    groupId: Buffer.from(group_id, 'base64'),
    epoch: Number(epoch),
    begun: epoch_at === null || suite === null ? undefined : { at: Number(epoch_at), suite },
  };
}

/** The bare GroupInfo of the last commit; undefined when there was none since the group began or was reset. */
export async function findGroupInfo(reader: Reader, address: GroupAddress): Promise<Buffer | undefined> {
  const row = await reader
    .selectFrom('mls_group')
    .select('group_info')
    .where('conversation_id', '=', address.conversation)
    .where('subconversation_id', '=', address.subconversation)
    .executeTakeFirst();
  return row?.group_info == null ? undefined : Buffer.from(row.group_info, 'base64');
}

/** Adds a group, which has no group info before its first commit. */
export async function insertGroup(
  work: Work,
  { conversation, subconversation }: GroupAddress,
  { groupId, epoch, begun }: GroupState,
): Promise<void> {
  await work.db
    .insertInto('mls_group')
    .values({
      conversation_id: conversation,
      subconversation_id: subconversation,
      group_id: groupId.toString('base64'),
      epoch,
      epoch_at: begun?.at ?? null,
      suite: begun?.suite ?? null,
      group_info: null,
    })
    .execute();
}

/** Takes all groups of a conversation away. */
export async function deleteGroups(work: Work, conversation: ConversationId): Promise<void> {
  for (const table of ['mls_leaf', 'mls_proposal', 'mls_group'] as const) {
    await work.db.deleteFrom(table).where('conversation_id', '=', conversation).execute();
  }
}
