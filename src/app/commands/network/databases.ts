import { openPostgresServer, type PostgresServer } from '#testkit';
import type { BackendPlan } from './plan.ts';

/** Where each backend of a network keeps its data. */
export interface NetworkDatabases extends AsyncDisposable {
  urlOf(plan: BackendPlan): string;
}

const sqlite: NetworkDatabases = {
  urlOf: () => 'sqlite:data/crosswire.db',
  async [Symbol.asyncDispose]() {},
};

/** SQLite files in the backends' folders, or one PostgreSQL server for the network with a database for each backend. */
export async function openNetworkDatabases(
  kind: 'sqlite' | 'postgres',
  plans: readonly BackendPlan[],
): Promise<NetworkDatabases> {
  if (kind === 'sqlite') return sqlite;
  const server = await withoutItsSignalHandlers(openPostgresServer);
  const urls = new Map<string, string>();
  for (const { letter } of plans) urls.set(letter, await server.createDatabase());
  return {
    urlOf: ({ letter }) => urls.get(letter) ?? '',
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** The PostgreSQL package ends the process on a signal by itself; here the network stops its backends first. */
async function withoutItsSignalHandlers(open: () => Promise<PostgresServer>): Promise<PostgresServer> {
  const before = new Set(signals.flatMap((signal) => process.listeners(signal)));
  const server = await open();
  for (const signal of signals)
    for (const added of process.listeners(signal)) if (!before.has(added)) process.off(signal, added);
  return server;
}
