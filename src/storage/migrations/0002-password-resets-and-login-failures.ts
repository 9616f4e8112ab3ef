import type { Kysely } from 'kysely';
import type { Migration } from './index.ts';

/** Codes for setting a new password, and failed logins within their window. */
export const passwordResetsAndLoginFailures: Migration = {
  name: '0002-password-resets-and-login-failures',
  breaking: false,
  async up(db) {
    await createPasswordReset(db);
    await createLoginFailure(db);
  },
};

async function createPasswordReset(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('password_reset')
    .addColumn('key', 'text', (column) => column.primaryKey().notNull())
    .addColumn('user_id', 'text', (column) => column.notNull().unique())
    .addColumn('code', 'text', (column) => column.notNull())
    .addColumn('retries', 'integer', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute();
}

async function createLoginFailure(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('login_failure')
    .addColumn('user_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('window_ends_at', 'bigint', (column) => column.notNull())
    .execute();
}
