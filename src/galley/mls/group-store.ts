import type { BackendDomain, ClientId, ConversationId, UserId } from '#contract/ids.ts';
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

/** A client in a group. */
export interface Leaf {
  readonly index: number;
  readonly user: { readonly domain: BackendDomain; readonly id: UserId };
  readonly client: ClientId;
  readonly signatureKey: Buffer;
  /** The backend has proposed to remove it, and no commit has done so yet. */
  readonly isRemovalPlanned: boolean;
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

/** The clients of a group in the order of their leaves. */
export async function listLeaves(reader: Reader, address: GroupAddress): Promise<readonly Leaf[]> {
  const rows = await reader
    .selectFrom('mls_leaf')
    .select(['leaf_index', 'user_domain', 'user_id', 'client_id', 'signature_key', 'removal_planned'])
    .where('conversation_id', '=', address.conversation)
    .where('subconversation_id', '=', address.subconversation)
    .orderBy('leaf_index')
    .execute();
  return rows.map((row) => ({
    index: Number(row.leaf_index),
    user: { domain: row.user_domain as BackendDomain, id: row.user_id as UserId },
    client: row.client_id as ClientId,
    signatureKey: Buffer.from(row.signature_key, 'base64'),
    isRemovalPlanned: row.removal_planned === 1,
  }));
}

/** Rows in one statement: below SQLite's limit of variables. */
const rowsPerStatement = 400;

/** Puts clients on their leaves, where nobody is. */
export async function insertLeaves(
  work: Work,
  { conversation, subconversation }: GroupAddress,
  leaves: readonly Leaf[],
): Promise<void> {
  for (let at = 0; at < leaves.length; at += rowsPerStatement) {
    const rows = leaves.slice(at, at + rowsPerStatement).map((leaf) => ({
      conversation_id: conversation,
      subconversation_id: subconversation,
      leaf_index: leaf.index,
      user_domain: leaf.user.domain,
      user_id: leaf.user.id,
      client_id: leaf.client,
      signature_key: leaf.signatureKey.toString('base64'),
      removal_planned: leaf.isRemovalPlanned ? 1 : 0,
    }));
    await work.db.insertInto('mls_leaf').values(rows).execute();
  }
}

/** Says that the backend has proposed to remove a client. */
export async function planRemoval(work: Work, address: GroupAddress, index: number): Promise<void> {
  await work.db
    .updateTable('mls_leaf')
    .set({ removal_planned: 1 })
    .where('conversation_id', '=', address.conversation)
    .where('subconversation_id', '=', address.subconversation)
    .where('leaf_index', '=', index)
    .execute();
}

/** Proposals of clients and of the backend that no commit has taken up. */
export interface PendingProposal {
  readonly epoch: number;
  readonly reference: Uint8Array;
  readonly origin: 'client' | 'backend';
  /** The whole MLSMessage. */
  readonly message: Uint8Array;
  readonly expiresAt: number;
}

/** Keeps a proposal for the commit that ends its epoch; the same one twice is one. */
export async function putProposal(
  work: Work,
  { conversation, subconversation }: GroupAddress,
  { epoch, reference, origin, message, expiresAt }: PendingProposal,
): Promise<void> {
  await work.db
    .insertInto('mls_proposal')
    .values({
      conversation_id: conversation,
      subconversation_id: subconversation,
      epoch,
      ref: Buffer.from(reference).toString('base64'),
      origin,
      message: Buffer.from(message).toString('base64'),
      expires_at: expiresAt,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Empties a group: it keeps its suite and gets another id. */
export async function resetGroup(
  work: Work,
  address: GroupAddress,
  { begun }: GroupState,
  groupId: Buffer,
): Promise<void> {
  for (const table of ['mls_leaf', 'mls_proposal'] as const) {
    await work.db
      .deleteFrom(table)
      .where('conversation_id', '=', address.conversation)
      .where('subconversation_id', '=', address.subconversation)
      .execute();
  }
  await putGroup(work, address, { groupId, epoch: 0, begun });
}

/** Takes all groups of a conversation away. */
export async function deleteGroups(work: Work, conversation: ConversationId): Promise<void> {
  for (const table of ['mls_leaf', 'mls_proposal', 'mls_group'] as const) {
    await work.db.deleteFrom(table).where('conversation_id', '=', conversation).execute();
  }
}
