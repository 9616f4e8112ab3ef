import type { BackendDomain } from '#contract/ids.ts';
import type { Component } from '#contract/rpc.ts';
import type { DeadLetterRow, Reader, Work } from '#storage';
import { addRow } from './outbox-store.ts';
import type { DeadLetter, QueuedRow } from './queued-row.ts';

/** Notifications that were given up, kept until an operator retries or drops them. */

/** Why a notification was given up. */
export interface DeathReason {
  readonly label: string;
  readonly reason: string;
}

/** A text of a remote can be of any length; this much of it is kept. */
const maxReasonLength = 1000;

export async function addDeadLetter(
  work: Work,
  row: QueuedRow,
  { label, reason }: DeathReason,
  now: number,
): Promise<void> {
  await work.db
    .insertInto('dead_letter')
    .values({
      domain: row.domain,
      delivery_id: row.deliveryId,
      lane: row.lane,
      component: row.component,
      rpc: row.rpc,
      input: row.input,
      request_id: row.requestId ?? null,
      created_at: row.createdAt,
      label: label.slice(0, maxReasonLength),
      reason: reason.slice(0, maxReasonLength),
      died_at: now,
    })
    .onConflict((conflict) => conflict.columns(['domain', 'delivery_id']).doNothing())
    .execute();
}

export async function countDeadLetters(reader: Reader): Promise<ReadonlyMap<BackendDomain, number>> {
  const rows = await reader
    .selectFrom('dead_letter')
    .select(({ fn }) => ['domain', fn.countAll<number>().as('count')])
    .groupBy('domain')
    .execute();
  return new Map(rows.map(({ domain, count }) => [domain as BackendDomain, Number(count)]));
}

/** The newest dead letters of a remote. */
export async function listDeadLetters(
  reader: Reader,
  domain: BackendDomain,
  limit: number,
): Promise<readonly DeadLetter[]> {
  const rows = await reader
    .selectFrom('dead_letter')
    .selectAll()
    .where('domain', '=', domain)
    .orderBy('died_at', 'desc')
    .orderBy('delivery_id')
    .limit(limit)
    .execute();
  return rows.map(toDeadLetter);
}

function toDeadLetter(row: DeadLetterRow): DeadLetter {
  return {
    deliveryId: row.delivery_id,
    lane: row.lane,
    component: row.component,
    rpc: row.rpc,
    createdAt: row.created_at,
    label: row.label,
    reason: row.reason,
    diedAt: row.died_at,
  };
}

/**
 * Puts dead letters at the ends of their lanes again, in the order in which they were told, with their delivery ids:
 * what a receiver has taken after all it does not take twice. Their time in the queue starts anew.
 */
export async function requeueDeadLetters(
  work: Work,
  domain: BackendDomain,
  limit: number,
  now: number,
): Promise<readonly QueuedRow[]> {
  const rows = await work.db
    .selectFrom('dead_letter')
    .selectAll()
    .where('domain', '=', domain)
    .orderBy('created_at')
    .orderBy('delivery_id')
    .limit(limit)
    .execute();
  const queued: QueuedRow[] = [];
  for (const row of rows) {
    const { lane, rpc, input } = row;
    const again = {
      domain,
      lane,
      deliveryId: row.delivery_id,
      component: row.component as Component,
      rpc,
      input,
      requestId: row.request_id ?? undefined,
      createdAt: now,
    };
    queued.push(await addRow(work, again));
    await work.db
      .deleteFrom('dead_letter')
      .where('domain', '=', domain)
      .where('delivery_id', '=', row.delivery_id)
      .execute();
  }
  return queued;
}

/** Drops the dead letters of a remote for good; returns how many. */
export async function dropDeadLetters(work: Work, domain: BackendDomain): Promise<number> {
  const { numDeletedRows } = await work.db
    .deleteFrom('dead_letter')
    .where('domain', '=', domain)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
