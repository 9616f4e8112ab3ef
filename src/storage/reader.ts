import { type ConnectionProvider, type Dialect, type Driver, Kysely, type KyselyProps } from 'kysely';
import type { Tables } from './tables.ts';

/**
 * What all Kysely instances of one storage share. Connections do not come from Kysely's driver but from a provider,
 * which saves its locks and checks (a third of a read by primary key on SQLite).
 */
export function createQueryBase(dialect: Dialect): KyselyProps {
  const executor = new Kysely<Tables>({ dialect }).getExecutor();
  return { config: { dialect }, dialect, driver: dialect.createDriver(), executor };
}

/** Kysely on a provider of connections. */
export function createKysely(base: KyselyProps, connections: ConnectionProvider): Kysely<Tables> {
  return new Kysely({ ...base, executor: base.executor.withConnectionProvider(connections) });
}

/**
 * The driver behind readers. Each statement sees the last committed state; there are no transactions, because what
 * needs several statements in one state belongs in a unit of work. Disposing belongs to the storage.
 */
export function createReaderDriver(): Driver {
  const noTransactions = (): Promise<never> =>
    Promise.reject(new Error('Readers have no transactions: use storage.work'));
  return {
    init: () => Promise.resolve(),
    acquireConnection: noTransactions,
    releaseConnection: () => Promise.resolve(),
    beginTransaction: noTransactions,
    commitTransaction: noTransactions,
    rollbackTransaction: noTransactions,
    destroy: () => Promise.resolve(),
  };
}

export function noStreaming(): Error {
  return new Error('Rows are not streamed: read them in pages, by key');
}
