import type { DatabaseConnection, Driver } from 'kysely';

/** How a dialect lends connections to single statements. */
export interface ConnectionSource {
  acquire(): Promise<DatabaseConnection>;
  release(connection: DatabaseConnection): void;
}

/**
 * The driver behind readers. Each statement sees the last committed state; there are no transactions, because what
 * needs several statements in one state belongs in a unit of work. Disposing belongs to the storage.
 */
export function createReaderDriver(source: ConnectionSource): Driver {
  const noTransactions = (): Promise<never> =>
    Promise.reject(new Error('Readers have no transactions: use storage.work'));
  return {
    init: () => Promise.resolve(),
    acquireConnection: () => source.acquire(),
    releaseConnection: (connection) => Promise.resolve(source.release(connection)),
    beginTransaction: noTransactions,
    commitTransaction: noTransactions,
    rollbackTransaction: noTransactions,
    destroy: () => Promise.resolve(),
  };
}
