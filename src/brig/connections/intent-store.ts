import { randomUUID } from 'node:crypto';
import type { BackendDomain, Qualified, UserId } from '#contract/ids.ts';
import type { ConnectionIntentRow, Reader, Work } from '#storage';

/**
 * What is being told to other backends about connections. An intent is written before the call and goes in the unit of
 * work that applies the answer, so that a crash in between leaves a trace from which both sides are made to agree.
 */
export interface Intent {
  readonly id: string;
  readonly user: UserId;
  readonly other: Qualified<UserId>;
  /**
   * - `connect`, `rescind`: what the user has asked for, to be done again.
   * - `reassure`: the user was told that it failed; the other side is told what our row says.
   * - `farewell`: the user is deleted; its request is withdrawn, and then its deletion is told.
   */
  readonly action: 'connect' | 'rescind' | 'reassure' | 'farewell';
}

export async function addIntent(work: Work, intent: Omit<Intent, 'id'>, now: number): Promise<Intent> {
  const added = { ...intent, id: randomUUID() };
  await work.db.insertInto('connection_intent').values(toRow(added, now)).execute();
  return added;
}

/** Adds many in one statement. */
export async function addIntents(
  work: Work,
  intents: readonly Omit<Intent, 'id'>[],
  now: number,
): Promise<readonly Intent[]> {
  if (intents.length === 0) return [];
  const added = intents.map((intent) => ({ ...intent, id: randomUUID() }));
  const rows = added.map((intent) => toRow(intent, now));
  await work.db.insertInto('connection_intent').values(rows).execute();
  return added;
}

export async function removeIntent(work: Work, { id }: Pick<Intent, 'id'>): Promise<void> {
  await work.db.deleteFrom('connection_intent').where('id', '=', id).execute();
}

/** From now on only what our row says is told. False when the user was deleted meanwhile: that is told already. */
export async function weakenIntent(work: Work, { id }: Pick<Intent, 'id'>): Promise<boolean> {
  const { numUpdatedRows } = await work.db
    .updateTable('connection_intent')
    .set({ action: 'reassure' })
    .where('id', '=', id)
    .where('action', '<>', 'farewell')
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/** What was being told of a user that is now deleted becomes its farewell. */
export async function turnIntoFarewells(work: Work, user: UserId): Promise<readonly Intent[]> {
  const rows = await work.db
    .updateTable('connection_intent')
    .set({ action: 'farewell' })
    .where('user_id', '=', user)
    .returningAll()
    .execute();
  return rows.map(fromRow);
}

/** Some of those left by an earlier process, by id after `after`. */
export async function listIntents(reader: Reader, after: string, limit: number): Promise<readonly Intent[]> {
  const rows = await reader
    .selectFrom('connection_intent')
    .selectAll()
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(fromRow);
}

function fromRow(row: ConnectionIntentRow): Intent {
  return {
    id: row.id,
    user: row.user_id as UserId,
    other: { domain: row.other_domain as BackendDomain, id: row.other_id as UserId },
    action: row.action as Intent['action'],
  };
}

function toRow(intent: Intent, now: number): ConnectionIntentRow {
  return {
    id: intent.id,
    user_id: intent.user,
    other_domain: intent.other.domain,
    other_id: intent.other.id,
    action: intent.action,
    created_at: now,
  };
}
