import type { Kysely } from 'kysely';
import type { Forms } from './forms.ts';
import type { Migration } from './index.ts';

/** Connections between users, what other backends are being told of them, and codes that delete accounts. */
export const connections: Migration = {
  name: '0004-connections',
  breaking: true,
  async up(db, forms) {
    await createConnection(db, forms);
    await createIntent(db);
    await createDeletionCode(db);
    await db.schema.createIndex('account_team').on('account').column('team').execute();
  },
};

async function createConnection(db: Kysely<unknown>, forms: Forms): Promise<void> {
  await forms
    .clustered(
      db.schema
        .createTable('connection')
        .addColumn('user_id', forms.orderedText, (column) => column.notNull())
        .addColumn('other_domain', forms.orderedText, (column) => column.notNull())
        .addColumn('other_id', forms.orderedText, (column) => column.notNull())
        .addColumn('status', 'text', (column) => column.notNull())
        .addColumn('suspended_status', 'text')
        .addColumn('conversation_domain', 'text', (column) => column.notNull())
        .addColumn('conversation_id', 'text', (column) => column.notNull())
        .addColumn('updated_at', 'bigint', (column) => column.notNull())
        .addColumn('revision', 'bigint', (column) => column.notNull())
        .addColumn('heard', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('connection_key', ['user_id', 'other_domain', 'other_id']),
    )
    .execute();
  await db.schema
    .createIndex('connection_status')
    .on('connection')
    .columns(['user_id', 'status', 'other_domain', 'other_id'])
    .execute();
}

async function createIntent(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('connection_intent')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('user_id', 'text', (column) => column.notNull())
    .addColumn('other_domain', 'text', (column) => column.notNull())
    .addColumn('other_id', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute();
}

async function createDeletionCode(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('deletion_code')
    .addColumn('key', 'text', (column) => column.primaryKey().notNull())
    .addColumn('user_id', 'text', (column) => column.notNull().unique())
    .addColumn('code', 'text', (column) => column.notNull())
    .addColumn('retries', 'integer', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute();
}
