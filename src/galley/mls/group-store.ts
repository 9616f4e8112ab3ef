import type { ConversationId } from '#contract/ids.ts';
import type { MlsGroupRow, Reader, Work } from '#storage';

/**
 * Rows of MLS groups of conversations owned here. Whoever changes a group has locked its conversation before: one group
 * changes after the other. Groups are also kept in memory, so they are changed through `Groups` only.
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

/** The group of a conversation itself. */
export async function findGroup(
  reader: Reader,
  conversation: ConversationId,
): Promise<GroupState | undefined> {
  const row = await reader
    .selectFrom('mls_group')
    .select(['group_id', 'epoch', 'epoch_at', 'suite'])
    .where('conversation_id', '=', conversation)
    .where('subconversation_id', '=', '')
    .executeTakeFirst();
  return row === undefined ? undefined : groupOf(row);
}

/** All groups of a conversation, by the ids of their subconversations. */
export async function listGroups(
  reader: Reader,
  conversation: ConversationId,
): Promise<ReadonlyMap<string, GroupState>> {
  const rows = await reader
    .selectFrom('mls_group')
    .select(['subconversation_id', 'group_id', 'epoch', 'epoch_at', 'suite'])
    .where('conversation_id', '=', conversation)
    .orderBy('subconversation_id')
    .execute();
  return new Map(rows.map((row) => [row.subconversation_id, groupOf(row)]));
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

/** Stores a group as it is now, whether it was there or not; without a group info it has none any more. */
export async function putGroup(
  work: Work,
  { conversation, subconversation }: GroupAddress,
  { groupId, epoch, begun }: GroupState,
  groupInfo?: Uint8Array,
): Promise<void> {
  const state = {
    group_id: groupId.toString('base64'),
    epoch,
    epoch_at: begun?.at ?? null,
    suite: begun?.suite ?? null,
    group_info: groupInfo === undefined ? null : Buffer.from(groupInfo).toString('base64'),
  };
  await work.db
    .insertInto('mls_group')
    .values({ conversation_id: conversation, subconversation_id: subconversation, ...state })
    .onConflict((conflict) => conflict.columns(['conversation_id', 'subconversation_id']).doUpdateSet(state))
    .execute();
}

/** Takes all groups of a conversation away. */
export async function deleteGroups(work: Work, conversation: ConversationId): Promise<void> {
  for (const table of ['mls_leaf', 'mls_proposal', 'mls_group'] as const) {
    await work.db.deleteFrom(table).where('conversation_id', '=', conversation).execute();
  }
}
