import { type Kysely, sql } from 'kysely';
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

/**
 * The same for many of one sender in one statement: those that are received for the first time, one that comes twice
 * among them once.
 */
export async function receiveFirsts<C extends ReceivedOnce>(
  work: Work,
  dialect: Storage['dialect'],
  calls: readonly C[],
  now: number,
): Promise<readonly C[]> {
  const [one, ...more] = calls;
  if (one === undefined) return [];
  if (more.length === 0) return (await receiveFirst(work, one.context, now)) ? [one] : [];
  const { origin } = one.context;
  const ids = calls.flatMap(({ context: { deliveryId } }) => deliveryId ?? []);
  const listed =
    dialect === 'postgres'
      ? sql`unnest(${ids}::text[]) as listed (value)`
      : sql`json_each(${JSON.stringify(ids)}) as listed`;
  const { rows } = await sql<{ readonly delivery_id: string }>`
    insert into inbox (origin, delivery_id, received_at)
    select ${origin}, value, cast(${now} as bigint) from ${listed} where true
    on conflict (origin, delivery_id) do nothing returning delivery_id`.execute(work.db);
  const first = new Set(rows.map(({ delivery_id: id }) => id));
  return calls.filter(({ context: { deliveryId } }) => deliveryId === undefined || first.delete(deliveryId));
}

/** A notification, as far as the inbox looks at it. */
export interface ReceivedOnce {
  readonly context: Pick<RpcContext, 'origin' | 'deliveryId'>;
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
