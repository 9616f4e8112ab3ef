import { sql } from 'kysely';
import type { Migration } from './index.ts';

/** Codes that are mailed to providers, for more than activation; and sessions of theirs that were ended. */
export const providerCodes: Migration = {
  name: '0022-provider-codes',
  breaking: true,
  async up(db, forms) {
    await forms
      .clustered(
        db.schema
          .createTable('provider_code')
          .addColumn('key', forms.orderedText, (column) => column.notNull())
          .addColumn('purpose', forms.orderedText, (column) => column.notNull())
          .addColumn('provider', 'text', (column) => column.notNull())
          .addColumn('email', 'text', (column) => column.notNull())
          .addColumn('email_key', 'text', (column) => column.notNull())
          .addColumn('code', 'text', (column) => column.notNull())
          .addColumn('tries', 'integer', (column) => column.notNull())
          .addColumn('sent_at', 'bigint', (column) => column.notNull())
          .addColumn('expires_at', 'bigint', (column) => column.notNull())
          .addPrimaryKeyConstraint('provider_code_key', ['key', 'purpose']),
      )
      .execute();
    await sql`
      insert into provider_code (key, purpose, provider, email, email_key, code, tries, sent_at, expires_at)
      select key, 'activation', provider, email, email_key, code, tries, 0, expires_at from provider_activation
    `.execute(db);
    await db.schema.dropTable('provider_activation').execute();
    await db.schema
      .alterTable('provider')
      .addColumn('sessions_ended_until', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute();
  },
};
