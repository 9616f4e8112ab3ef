import { connectionSuites } from './connections-suites.ts';
import { describeOnPostgres } from './databases.ts';

describeOnPostgres('connections', (freshUrl) =>
  connectionSuites(async () => [await freshUrl(0), await freshUrl(1)]),
);
