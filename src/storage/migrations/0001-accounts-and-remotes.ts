import type { Kysely } from 'kysely';
import type { Forms } from './forms.ts';
import type { Migration } from './index.ts';

/** Accounts with their search terms, sessions and activations, and the list of remote backends. */
export const accountsAndRemotes: Migration = {
  name: '0001-accounts-and-remotes',
  breaking: true,
  async up(db, forms) {
    await createAccount(db);
    await createSearchTerm(db, forms);
    await createHandleReservation(db);
    await createActivation(db);
    await createCookie(db, forms);
    await createRemote(db, forms);
  },
};

async function createAccount(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('account')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('email', 'text')
    .addColumn('email_key', 'text', (column) => column.unique())
    .addColumn('handle', 'text', (column) => column.unique())
    .addColumn('password_hash', 'text')
    .addColumn('accent_id', 'bigint', (column) => column.notNull())
    .addColumn('picture', 'text', (column) => column.notNull())
    .addColumn('assets', 'text', (column) => column.notNull())
    .addColumn('supported_protocols', 'text', (column) => column.notNull())
    .addColumn('locale', 'text', (column) => column.notNull())
    .addColumn('managed_by', 'text', (column) => column.notNull())
    .addColumn('team', 'text')
    .addColumn('expires_at', 'bigint')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute();
}

async function createSearchTerm(db: Kysely<unknown>, forms: Forms): Promise<void> {
  await forms
    .clustered(
      db.schema
        .createTable('search_term')
        .addColumn('term', forms.orderedText, (column) => column.notNull())
        .addColumn('user_id', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('search_term_key', ['term', 'user_id']),
    )
    .execute();
  await db.schema.createIndex('search_term_user').on('search_term').column('user_id').execute();
}

async function createHandleReservation(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('handle_reservation')
    .addColumn('handle', 'text', (column) => column.primaryKey().notNull())
    .addColumn('user_id', 'text', (column) => column.notNull())
    .addColumn('until', 'bigint', (column) => column.notNull())
    .execute();
}

async function createActivation(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('activation')
    .addColumn('key', 'text', (column) => column.primaryKey().notNull())
    .addColumn('email', 'text', (column) => column.notNull())
    .addColumn('email_key', 'text', (column) => column.notNull())
    .addColumn('code', 'text', (column) => column.notNull())
    .addColumn('user_id', 'text')
    .addColumn('retries', 'integer', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute();
}

async function createCookie(db: Kysely<unknown>, forms: Forms): Promise<void> {
  await forms
    .clustered(
      db.schema
        .createTable('cookie')
        .addColumn('user_id', 'text', (column) => column.notNull())
        .addColumn('id', 'bigint', (column) => column.notNull())
        .addColumn('type', 'text', (column) => column.notNull())
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addColumn('expires_at', 'bigint', (column) => column.notNull())
        .addColumn('label', 'text')
        .addColumn('successor', 'bigint')
        .addColumn('client_id', 'text')
        .addPrimaryKeyConstraint('cookie_key', ['user_id', 'id']),
    )
    .execute();
}

async function createRemote(db: Kysely<unknown>, forms: Forms): Promise<void> {
  await db.schema
    .createTable('remote')
    .addColumn('domain', 'text', (column) => column.primaryKey().notNull())
    .addColumn('search_policy', 'text', (column) => column.notNull())
    .addColumn('restriction', 'text', (column) => column.notNull())
    .execute();
  await forms
    .clustered(
      db.schema
        .createTable('remote_team')
        .addColumn('domain', 'text', (column) =>
          column.notNull().references('remote.domain').onDelete('cascade'),
        )
        .addColumn('team_id', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('remote_team_key', ['domain', 'team_id']),
    )
    .execute();
}
