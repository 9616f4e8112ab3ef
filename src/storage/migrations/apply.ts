import type { Kysely } from 'kysely';
import { log } from '../telemetry.ts';
import { forms } from './forms.ts';
import type { Migration } from './index.ts';

export interface MigrationRow {
  name: string;
  /** Unix milliseconds. */
  applied_at: number;
  breaking: number;
}

/**
 * Applies what is missing. The caller has opened a transaction and holds the lock that keeps other processes out; it
 * commits, so that a start leaves either the old tables or the new ones.
 * @throws Error when the database has a breaking migration that this process does not know.
 */
export async function applyMigrations(
  connection: Kysely<unknown>,
  dialect: 'sqlite' | 'postgres',
  known: readonly Migration[],
): Promise<void> {
  const db = connection as Kysely<{ migration: MigrationRow }>;
  await db.schema
    .createTable('migration')
    .ifNotExists()
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('applied_at', 'bigint', (column) => column.notNull())
    .addColumn('breaking', 'integer', (column) => column.notNull())
    .execute();
  const applied = await db.selectFrom('migration').selectAll().execute();
  const newer = newerBreaking(applied, known);
  if (newer !== undefined) throw new Error(newer);
  const names = new Set(applied.map((row) => row.name));
  for (const migration of known.filter(({ name }) => !names.has(name))) {
    // The row comes first: whoever slipped past the lock meets it before it touches a table.
    await db
      .insertInto('migration')
      .values({ name: migration.name, applied_at: Date.now(), breaking: migration.breaking ? 1 : 0 })
      .execute();
    await migration.up(connection, forms[dialect]);
    log.info({ migration: migration.name }, 'migration applied');
  }
}

/** What to tell the operator when the database has a breaking migration that this version does not know. */
export function newerBreaking(
  applied: readonly Pick<MigrationRow, 'name' | 'breaking'>[],
  known: readonly Migration[],
): string | undefined {
  const names = new Set(known.map(({ name }) => name));
  const newer = applied.find((row) => row.breaking === 1 && !names.has(row.name));
  if (newer === undefined) return undefined;
  return `The database was changed by a newer version (migration ${newer.name}) in a way that this version cannot work with: start the newer version, or restore a backup from before it`;
}
