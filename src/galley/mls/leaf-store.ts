import type { BackendDomain, ClientId, ConversationId, UserId } from '#contract/ids.ts';
import type { MlsLeafRow, Reader, Work } from '#storage';
import type { QualifiedUser } from '../conversations/conversation.ts';
import type { GroupAddress } from './group-store.ts';

/** Rows of the clients in MLS groups: which client has which leaf. Changed through `Groups` only. */

export interface Leaf {
  readonly index: number;
  readonly user: QualifiedUser;
  readonly client: ClientId;
  /** Raw: what the client signs its messages with. */
  readonly signatureKey: Buffer;
  /** The backend has proposed to remove it, and no commit has done so yet. */
  readonly isLeaving: boolean;
}

/** Rows in one statement: below SQLite's limit of variables. */
const rowsPerStatement = 100;

/** The leaves of all groups of a conversation, by the ids of their subconversations and in order of their index. */
export async function listLeaves(
  reader: Reader,
  conversation: ConversationId,
): Promise<ReadonlyMap<string, ReadonlyMap<number, Leaf>>> {
  const rows = await reader
    .selectFrom('mls_leaf')
    .selectAll()
    .where('conversation_id', '=', conversation)
    .orderBy('subconversation_id')
    .orderBy('leaf_index')
    .execute();
  const groups = new Map<string, Map<number, Leaf>>();
  for (const row of rows) {
    const group = groups.get(row.subconversation_id) ?? new Map<number, Leaf>();
    groups.set(row.subconversation_id, group);
    const leaf = leafOf(row);
    group.set(leaf.index, leaf);
  }
  return groups;
}

function leafOf(row: MlsLeafRow): Leaf {
  return {
    index: Number(row.leaf_index),
    user: { domain: row.user_domain as BackendDomain, id: row.user_id as UserId },
    client: row.client_id as ClientId,
    signatureKey: Buffer.from(row.signature_key, 'base64'),
    isLeaving: row.removal_planned === 1,
  };
}

/** Sets leaves, whether they were taken or not. */
export async function putLeaves(
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
      removal_planned: leaf.isLeaving ? 1 : 0,
    }));
    await work.db
      .insertInto('mls_leaf')
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(['conversation_id', 'subconversation_id', 'leaf_index']).doUpdateSet((eb) => ({
          user_domain: eb.ref('excluded.user_domain'),
          user_id: eb.ref('excluded.user_id'),
          client_id: eb.ref('excluded.client_id'),
          signature_key: eb.ref('excluded.signature_key'),
          removal_planned: eb.ref('excluded.removal_planned'),
        })),
      )
      .execute();
  }
}

/** Blanks leaves. */
export async function deleteLeaves(
  work: Work,
  { conversation, subconversation }: GroupAddress,
  indexes: readonly number[],
): Promise<void> {
  for (let at = 0; at < indexes.length; at += rowsPerStatement) {
    await work.db
      .deleteFrom('mls_leaf')
      .where('conversation_id', '=', conversation)
      .where('subconversation_id', '=', subconversation)
      .where('leaf_index', 'in', indexes.slice(at, at + rowsPerStatement))
      .execute();
  }
}
