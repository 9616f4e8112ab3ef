import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Storage, Work } from '#storage';

/**
 * Gives out positions in streams. Within one stream they grow in the order in which the units of work commit: a
 * reader who has seen a position will never see a smaller one appear. They follow the clock, but never step back with
 * it, also not over a restart.
 */
export interface Ticks {
  /**
   * The first of `count` positions, for rows of these users' streams in this unit of work. Others who write to one of
   * these streams wait from here to the end of the unit of work, so this belongs into `beforeCommit`.
   */
  take(work: Work, users: readonly string[], count: number): Promise<number>;
}

export async function createTicks(storage: Storage, now: () => number): Promise<Ticks> {
  return storage.dialect === 'sqlite' ? await createSqliteTicks(storage, now) : createPostgresTicks(now);
}

/** How far ahead SQLite's row is written: one write for many positions, and so far may ids be ahead after a crash. */
const reserveMicros = 5_000_000;

async function reserve(work: Work, until: number): Promise<void> {
  await work.db
    .updateTable('notification_clock')
    .set({ reserved_until: until })
    .where('reserved_until', '<', until)
    .execute();
}

/** SQLite has one writer, which is this process, and runs one unit of work after the other. */
async function createSqliteTicks(storage: Storage, now: () => number): Promise<Ticks> {
  const clock = await storage.reader
    .selectFrom('notification_clock')
    .select('reserved_until')
    .executeTakeFirstOrThrow();
  let last = clock.reserved_until;
  let reservedUntil = clock.reserved_until;
  return {
    async take(work, _users, count) {
      const first = Math.max(now() * 1000, last + 1);
      last = first + count - 1;
      if (last > reservedUntil) {
        const until = last + reserveMicros;
        await reserve(work, until);
        work.onCommit(() => {
          reservedUntil = Math.max(reservedUntil, until);
        });
      }
      return first;
    },
  };
}

/** Locks are shared by streams of one hash: their number is bounded, as PostgreSQL's table of locks is. */
const lockCount = 1024;

function createPostgresTicks(now: () => number): Ticks {
  return {
    async take(work, users, count) {
      const locks = [...new Set(users.map(lockOf))].sort((one, other) => one - other);
      const { rows } = await sql<{ first: number }>`
        select notification_ticks(${locks}::integer[], ${now() * 1000}::bigint, ${count}::integer) as first
      `.execute(work.db);
      const [row] = rows;
      if (row === undefined) throw new Error('notification_ticks gave no row');
      return row.first;
    },
  };
}

function lockOf(user: string): number {
  return createHash('sha1').update(user).digest().readUInt16BE(0) % lockCount;
}
