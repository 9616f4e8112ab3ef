import { type Kysely, sql } from 'kysely';
import type { BackendDomain } from '#contract/ids.ts';
import type { Component } from '#contract/rpc.ts';
import { hotQuery, type OutboxRow, type Reader, type Tables, type Work } from '#storage';
import type { QueuedRow } from './queued-row.ts';

/** The rows that wait for remotes. */

type StoredRow = Omit<OutboxRow, 'position'> & { readonly position: number };

function toQueuedRow(row: StoredRow): QueuedRow {
  return {
    position: row.position,
    domain: row.domain as BackendDomain,
    lane: row.lane,
    deliveryId: row.delivery_id,
    component: row.component as Component,
    rpc: row.rpc,
    input: row.input,
    requestId: row.request_id ?? undefined,
    createdAt: row.created_at,
  };
}

/** A hot query that changes rows: only reached with the `reader` of a unit of work. */
const changing = (reader: Reader) => reader as unknown as Kysely<Tables>;

const insertRow = hotQuery(
  (
    reader,
    domain: string,
    lane: string,
    deliveryId: string,
    component: string,
    rpc: string,
    input: string,
    requestId: string | null,
    createdAt: number,
  ) =>
    changing(reader)
      .insertInto('outbox')
      .values({
        domain,
        lane,
        delivery_id: deliveryId,
        component,
        rpc,
        input,
        request_id: requestId,
        created_at: createdAt,
      })
      .returning('position'),
);

/** Adds a row at the end of its lane and returns it with its position. */
export async function addRow(work: Work, row: Omit<QueuedRow, 'position'>): Promise<QueuedRow> {
  const { domain, lane, deliveryId, component, rpc, input, requestId, createdAt } = row;
  const [added] = await insertRow(
    work.reader,
    domain,
    lane,
    deliveryId,
    component,
    rpc,
    input,
    requestId ?? null,
    createdAt,
  );
  if (added === undefined) throw new Error('the database gave a new row no position');
  return { ...row, position: added.position };
}

/** Number of the locks that order writers of one lane: the letters "lane". */
const laneLocks = 0x6c_61_6e_65;

/**
 * PostgreSQL has many writers: whoever adds to a lane keeps the others out of it until the end of the transaction, so
 * that rows of a lane become visible in the order of their positions. In one order, against deadlocks.
 */
export async function lockLanes(work: Work, lanes: readonly string[]): Promise<void> {
  for (const lane of lanes.toSorted())
    await sql`select pg_advisory_xact_lock(${laneLocks}::int, hashtext(${lane}))`.execute(work.db);
}

const selectLane = hotQuery((reader, domain: string, lane: string, after: number, limit: number) =>
  reader
    .selectFrom('outbox')
    .selectAll()
    .where('domain', '=', domain)
    .where('lane', '=', lane)
    .where('position', '>', after)
    .orderBy('position')
    .limit(limit),
);

/** The next rows of one lane. */
export async function readLane(
  reader: Reader,
  domain: BackendDomain,
  lane: string,
  after: number,
  limit: number,
): Promise<readonly QueuedRow[]> {
  return (await selectLane(reader, domain, lane, after, limit)).map(toQueuedRow);
}

const selectPage = hotQuery((reader, domain: string, afterLane: string, limit: number) =>
  reader
    .selectFrom('outbox')
    .selectAll()
    .where('domain', '=', domain)
    .where('lane', '>', afterLane)
    .orderBy('lane')
    .orderBy('position')
    .limit(limit),
);

/** Rows of the lanes after this one, lane by lane; the last lane may go on beyond the page. */
export async function readPage(
  reader: Reader,
  domain: BackendDomain,
  afterLane: string,
  limit: number,
): Promise<readonly QueuedRow[]> {
  return (await selectPage(reader, domain, afterLane, limit)).map(toQueuedRow);
}

const selectNextDomain = hotQuery((reader, after: string) =>
  reader.selectFrom('outbox').select('domain').where('domain', '>', after).orderBy('domain').limit(1),
);

/** Every remote that something waits for: one look into the index for each. */
export async function remotesWithRows(reader: Reader): Promise<readonly BackendDomain[]> {
  const domains: BackendDomain[] = [];
  for (;;) {
    const [next] = await selectNextDomain(reader, domains.at(-1) ?? '');
    if (next === undefined) return domains;
    domains.push(next.domain as BackendDomain);
  }
}

const selectNewest = hotQuery((reader) =>
  reader.selectFrom('outbox').select('position').orderBy('position', 'desc').limit(1),
);

/** The highest position there is; 0 when nothing waits. */
export async function newestPosition(reader: Reader): Promise<number> {
  const [newest] = await selectNewest(reader);
  return newest?.position ?? 0;
}

const deleteRow = hotQuery((reader, position: number) =>
  changing(reader).deleteFrom('outbox').where('position', '=', position),
);

/** Takes rows out of the queue. */
export async function removeRows(
  work: Work,
  dialect: 'sqlite' | 'postgres',
  positions: readonly number[],
): Promise<void> {
  if (dialect === 'sqlite') {
    for (const position of positions) await deleteRow(work.reader, position);
    return;
  }
  await sql`delete from outbox where position = any(${positions}::bigint[])`.execute(work.db);
}

/** Takes everything out of the queue of a remote; returns how many rows that were. */
export async function removeAllRows(work: Work, domain: BackendDomain): Promise<number> {
  const { numDeletedRows } = await work.db
    .deleteFrom('outbox')
    .where('domain', '=', domain)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}

/** The oldest rows of all remotes. */
export async function oldestRows(reader: Reader, limit: number): Promise<readonly QueuedRow[]> {
  const rows = await reader.selectFrom('outbox').selectAll().orderBy('position').limit(limit).execute();
  return rows.map(toQueuedRow);
}

export interface QueueDepth {
  readonly domain: BackendDomain;
  readonly depth: number;
  readonly lanes: number;
  readonly oldestAt: number;
}

/** How much waits for each remote. */
export async function queueDepths(reader: Reader): Promise<readonly QueueDepth[]> {
  const rows = await reader
    .selectFrom('outbox')
    .select(({ fn }) => [
      'domain',
      fn.countAll<number>().as('depth'),
      fn.count<number>('lane').distinct().as('lanes'),
      fn.min('created_at').as('oldest'),
    ])
    .groupBy('domain')
    .orderBy('domain')
    .execute();
  return rows.map(({ domain, depth, lanes, oldest }) => ({
    domain: domain as BackendDomain,
    depth: Number(depth),
    lanes: Number(lanes),
    oldestAt: Number(oldest),
  }));
}
