import { connectionSuites } from './connections-suites.ts';
import { describeOnSqlite } from './databases.ts';

describeOnSqlite('connections', (freshUrl) =>
  connectionSuites(async () => [await freshUrl(0), await freshUrl(1)]),
);
