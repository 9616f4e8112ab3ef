import type { Reader, Work } from '#storage';
import type { GroupAddress } from './group-store.ts';

/** Rows of proposals that wait for the commit that ends their epoch. Whoever writes has locked the conversation. */

export interface PendingProposal {
  /** Its reference (RFC 9420 section 5.2). */
  readonly reference: Buffer;
  readonly origin: 'client' | 'backend';
  /** The whole MLSMessage. */
  readonly message: Buffer;
}

/** How long a proposal of a client may wait (reference client-api 8.4). */
const clientProposalMs = 28 * 86_400_000;

/** Those of the epoch that have not expired; ones of the backend do not. */
export async function listProposals(
  reader: Reader,
  { conversation, subconversation }: GroupAddress,
  epoch: number,
  now: number,
): Promise<readonly PendingProposal[]> {
  const rows = await reader
    .selectFrom('mls_proposal')
    .select(['ref', 'origin', 'message', 'expires_at'])
    .where('conversation_id', '=', conversation)
    .where('subconversation_id', '=', subconversation)
    .where('epoch', '=', epoch)
    .orderBy('ref')
    .execute();
  return rows
    .filter(({ origin, expires_at }) => origin === 'backend' || Number(expires_at) > now)
    .map(({ ref, origin, message }) => ({
      reference: Buffer.from(ref, 'base64'),
      origin: origin === 'backend' ? 'backend' : 'client',
      message: Buffer.from(message, 'base64'),
    }));
}

/** Keeps a proposal for the commit; one that is kept already stays as it is. */
export async function insertProposal(
  work: Work,
  { conversation, subconversation }: GroupAddress,
  epoch: number,
  { reference, origin, message }: PendingProposal,
  now: number,
): Promise<void> {
  await work.db
    .insertInto('mls_proposal')
    .values({
      conversation_id: conversation,
      subconversation_id: subconversation,
      epoch,
      ref: reference.toString('base64'),
      origin,
      message: message.toString('base64'),
      expires_at: now + clientProposalMs,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Forgets the proposals of every epoch of a group. */
export async function deleteProposals(
  work: Work,
  { conversation, subconversation }: GroupAddress,
): Promise<void> {
  await work.db
    .deleteFrom('mls_proposal')
    .where('conversation_id', '=', conversation)
    .where('subconversation_id', '=', subconversation)
    .execute();
}
