import {
  type Dialect,
  type Driver,
  type Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely';
import { createReaderDriver } from '../reader.ts';

/** Kysely's PostgreSQL, with connections that come from elsewhere (`createQueryBase`). */
export const postgresDialect: Dialect = {
  createDriver: (): Driver => createReaderDriver(),
  createAdapter: () => new PostgresAdapter(),
  createQueryCompiler: () => new PostgresQueryCompiler(),
  createIntrospector: (db: Kysely<unknown>) => new PostgresIntrospector(db),
};
