import { randomUUID } from 'node:crypto';
import { type RawBuilder, sql } from 'kysely';
import type { BackendDomain } from '#contract/ids.ts';
import type { Storage, Work } from '#storage';

/** Who delivers to a remote, when several replicas could: one sender for each lane. */
export interface Leases {
  /** Claims what nobody else has; returns what is ours now. */
  claim(domains: readonly BackendDomain[]): Promise<readonly BackendDomain[]>;
  /** Keeps what we have; returns what is still ours. */
  renew(domains: readonly BackendDomain[]): Promise<readonly BackendDomain[]>;
  /** Gives back, for others to claim at once. */
  release(domains: readonly BackendDomain[]): Promise<void>;
}

/** An SQLite file has one process: everything is its own. */
export const noLeases: Leases = {
  claim: async (domains) => domains,
  renew: async (domains) => domains,
  release: async () => undefined,
};

/** All replicas go by the database's clock, whatever their own say. */
const databaseNow: RawBuilder<number> = sql`(extract(epoch from clock_timestamp()) * 1000)::bigint`;

/** Lease rows in the database, one for each remote. A replica that dies loses them when they expire. */
export function createLeases(storage: Storage, leaseMs: number): Leases {
  const owner = randomUUID();
  const until = (): RawBuilder<number> => sql`${databaseNow} + ${leaseMs}::bigint`;
  const extend = async (work: Work, domains: readonly string[]): Promise<readonly BackendDomain[]> => {
    if (domains.length === 0) return [];
    const rows = await work.db
      .updateTable('outbox_lease')
      .set({ owner, expires_at: until() })
      .where('domain', 'in', domains)
      .returning('domain')
      .execute();
    return rows.map(({ domain }) => domain as BackendDomain);
  };
  return {
    async claim(domains) {
      if (domains.length === 0) return [];
      return await storage.work(async (work) => {
        await work.db
          .insertInto('outbox_lease')
          .values(domains.map((domain) => ({ domain, owner: '', expires_at: 0 })))
          .onConflict((conflict) => conflict.column('domain').doNothing())
          .execute();
        const free = await work.db
          .selectFrom('outbox_lease')
          .select('domain')
          .where('domain', 'in', domains)
          .where('expires_at', '<', databaseNow)
          .forUpdate()
          .skipLocked()
          .execute();
        return await extend(
          work,
          free.map(({ domain }) => domain),
        );
      });
    },
    async renew(domains) {
      if (domains.length === 0) return [];
      return await storage.work(async (work) => {
        const own = await work.db
          .selectFrom('outbox_lease')
          .select('domain')
          .where('domain', 'in', domains)
          .where('owner', '=', owner)
          .where('expires_at', '>', databaseNow)
          .forUpdate()
          .execute();
        return await extend(
          work,
          own.map(({ domain }) => domain),
        );
      });
    },
    async release(domains) {
      if (domains.length === 0) return;
      await storage.work(async (work) => {
        await work.db
          .deleteFrom('outbox_lease')
          .where('domain', 'in', domains)
          .where('owner', '=', owner)
          .execute();
      });
    },
  };
}
