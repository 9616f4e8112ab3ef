import {
  type Dialect,
  type Driver,
  type Kysely,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { createReaderDriver } from '../reader.ts';

/** Kysely's SQLite, with connections that come from elsewhere (`createQueryBase`). */
export const sqliteDialect: Dialect = {
  createDriver: (): Driver => createReaderDriver(),
  createAdapter: () => new SqliteAdapter(),
  createQueryCompiler: () => new SqliteQueryCompiler(),
  createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
};
