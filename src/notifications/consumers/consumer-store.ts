import { sql } from 'kysely';
import type { ClientId, UserId } from '#contract/ids.ts';
import { type ConsumerRow, hotQuery, type Reader, type Work } from '#storage';
import { joinProgress, type Progress } from './delivery-window.ts';

/** Whose queue. */
export interface QueueKey {
  readonly user: UserId;
  readonly client: ClientId;
}

export interface Queue extends Progress {
  /** It holds what comes behind this position of the stream. */
  readonly beginsAfter: number;
  /** Something went out of it unacknowledged, and the client was not told yet. */
  readonly missed: boolean;
}

const queueOf = hotQuery((reader, user: string, client: string) =>
  reader.selectFrom('consumer').selectAll().where('user_id', '=', user).where('client_id', '=', client),
);

/** The queue of a client; undefined when it has none. */
export async function findQueue(reader: Reader, { user, client }: QueueKey): Promise<Queue | undefined> {
  const [row] = await queueOf(reader, user, client);
  return row && toQueue(row);
}

/** Begins a queue behind everything that is in the stream now; one that is there goes on. */
export async function beginQueue(work: Work, { user, client }: QueueKey): Promise<void> {
  const end = await endOfStream(work.reader, user);
  await work.db
    .insertInto('consumer')
    .values({ user_id: user, client_id: client, begins_after: end, position: end, holes: '', missed: 0 })
    .onConflict((conflict) => conflict.columns(['user_id', 'client_id']).doNothing())
    .execute();
}

/** Takes away a client's queue, or those of all clients of a user. */
export async function endQueue(work: Work, user: UserId, client?: ClientId): Promise<void> {
  const queues = work.db.deleteFrom('consumer').where('user_id', '=', user);
  await (client === undefined ? queues : queues.where('client_id', '=', client)).execute();
}

/** Notes what was acknowledged, beside what others have noted. */
export async function saveProgress(work: Work, key: QueueKey, progress: Progress): Promise<void> {
  const queue = await lockQueue(work, key);
  if (queue !== undefined) await setProgress(work, key, joinProgress(queue, progress));
}

/**
 * The client was told that it has missed something, and starts anew behind `until`.
 * @returns the queue as it is now; undefined when it is gone
 */
export async function settleMissed(work: Work, key: QueueKey, until: number): Promise<Queue | undefined> {
  const queue = await lockQueue(work, key);
  if (queue === undefined) return undefined;
  const settled = {
    ...queue,
    position: Math.max(queue.position, until),
    holes: queue.holes.filter((hole) => hole > until),
    missed: false,
  };
  await setProgress(work, key, settled);
  await work.db
    .updateTable('consumer')
    .set({ missed: 0 })
    .where('user_id', '=', key.user)
    .where('client_id', '=', key.client)
    .execute();
  return settled;
}

/** Events of the stream up to a position that belong to the queue and are not acknowledged. */
function unacknowledgedUntil(until: number) {
  return sql<boolean>`exists (
    select 1 from notification n
    where n.user_id = consumer.user_id and n.position <= ${until}
      and (n.position > consumer.position or consumer.holes like '% ' || cast(n.position as text) || ' %')
      and (n.clients is null or n.clients like '% ' || consumer.client_id || ' %'))`;
}

/** Whether the queue holds unacknowledged events up to a position: they are too old to be delivered. */
export async function hasUnacknowledged(
  reader: Reader,
  { user, client }: QueueKey,
  until: number,
): Promise<boolean> {
  const row = await reader
    .selectFrom('consumer')
    .select('user_id')
    .where('user_id', '=', user)
    .where('client_id', '=', client)
    .where(unacknowledgedUntil(until))
    .executeTakeFirst();
  return row !== undefined;
}

/** Marks the queues of a user that lose something when the stream loses what is in it up to a position. */
export async function markMissed(work: Work, user: string, until: number): Promise<void> {
  await work.db
    .updateTable('consumer')
    .set({ missed: 1 })
    .where('user_id', '=', user)
    .where('missed', '=', 0)
    .where(unacknowledgedUntil(until))
    .execute();
}

const lastPosition = hotQuery((reader, user: string) =>
  reader
    .selectFrom('notification')
    .select('position')
    .where('user_id', '=', user)
    .orderBy('position', 'desc')
    .limit(1),
);

/** The position of the newest event of a stream; 0 when it is empty. */
export async function endOfStream(reader: Reader, user: UserId): Promise<number> {
  const [row] = await lastPosition(reader, user);
  return row?.position ?? 0;
}

/** Reads a queue and keeps other units of work from changing it until this one ends. */
async function lockQueue(work: Work, { user, client }: QueueKey): Promise<Queue | undefined> {
  const row = await work.db
    .updateTable('consumer')
    .set({ client_id: client })
    .where('user_id', '=', user)
    .where('client_id', '=', client)
    .returningAll()
    .executeTakeFirst();
  return row && toQueue(row);
}

async function setProgress(
  work: Work,
  { user, client }: QueueKey,
  { position, holes }: Progress,
): Promise<void> {
  await work.db
    .updateTable('consumer')
    .set({ position, holes: holes.length === 0 ? '' : ` ${holes.join(' ')} ` })
    .where('user_id', '=', user)
    .where('client_id', '=', client)
    .execute();
}

function toQueue({ begins_after, position, holes, missed }: ConsumerRow): Queue {
  const listed = holes.trim();
  return {
    beginsAfter: begins_after,
    position,
    holes: listed === '' ? [] : listed.split(' ').map(Number),
    missed: missed === 1,
  };
}
