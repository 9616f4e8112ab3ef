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
  directory: string,
  plans: readonly BackendPlan[],
): Promise<NetworkDatabases> {
  return kind === 'sqlite' ? sqlite : openPostgresDatabases(directory, plans);
}
