import type { ConversationId } from '#contract/ids.ts';
import type { ConversationCodeRow, Reader, Work } from '#storage';
import { codeKeyOf } from './code-key.ts';

/** Rows of the codes with which one joins a conversation; at most one a conversation. */

/** The code with this key that has not expired. */
export async function findCode(
  reader: Reader,
  key: string,
  now: number,
): Promise<ConversationCodeRow | undefined> {
  return reader
    .selectFrom('conversation_code')
    .selectAll()
    .where('key', '=', key)
    .where('expires_at', '>', now)
    .executeTakeFirst();
}

/** Sets the code of a conversation. */
export async function putCode(work: Work, row: ConversationCodeRow): Promise<void> {
  const { key, ...values } = row;
  await work.db
    .insertInto('conversation_code')
    .values(row)
    .onConflict((conflict) => conflict.column('key').doUpdateSet(values))
    .execute();
}

/** Takes the code of a conversation away. */
export async function deleteCode(work: Work, conversation: ConversationId): Promise<void> {
  await work.db.deleteFrom('conversation_code').where('key', '=', codeKeyOf(conversation)).execute();
}
