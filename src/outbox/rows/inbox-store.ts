import type { Kysely } from 'kysely';
import type { RpcContext } from '#contract/rpc.ts';
import { hotQuery, type Reader, type Storage, type Tables, type Work } from '#storage';

/** Which notifications of remotes were taken. */

const insertReceived = hotQuery((reader, origin: string, deliveryId: string, now: number) =>
  (reader as unknown as Kysely<Tables>)
    .insertInto('inbox')
    .values({ origin, delivery_id: deliveryId, received_at: now })
    .onConflict((conflict) => conflict.columns(['origin', 'delivery_id']).doNothing())
    .returning('delivery_id'),
);

/**
 * Whether this is the first time that the notification is received, which is recorded in the receiver's unit of work:
 * when that is rolled back, the next attempt is the first again. Without a delivery id every time is the first.
 */
export async function receiveFirst(
  work: Work,
  { origin, deliveryId }: Pick<RpcContext, 'origin' | 'deliveryId'>,
  now: number,
): Promise<boolean> {
  if (deliveryId === undefined) return true;
  const added = await insertReceived(work.reader, origin, deliveryId, now);
  return added.length > 0;
}

const selectOld = hotQuery((reader: Reader, before: number, limit: number) =>
  reader
    .selectFrom('inbox')
    .select(['origin', 'delivery_id'])
    .where('received_at', '<', before)
    .orderBy('received_at')
    .limit(limit),
);

/** Forgets some of what was received before; returns how many. */
export async function forgetReceived(storage: Storage, before: number, limit: number): Promise<number> {
  const old = await selectOld(storage.reader, before, limit);
  if (old.length === 0) return 0;
  await storage.work(async (work) => {
    for (const { origin, delivery_id: deliveryId } of old)
      await work.db
        .deleteFrom('inbox')
        .where('origin', '=', origin)
        .where('delivery_id', '=', deliveryId)
        .execute();
  });
  return old.length;
}
