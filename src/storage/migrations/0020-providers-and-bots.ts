import type { Kysely } from 'kysely';
import type { Forms } from './forms.ts';
import type { Migration } from './index.ts';

/** Who provides services, what they are, and their bots in conversations. */
export const providersAndBots: Migration = {
  name: '0020-providers-and-bots',
  breaking: false,
  async up(db, forms) {
    await createProviders(db, forms);
    await createServices(db, forms);
    await createBots(db, forms);
    await db.schema.alterTable('conversation_member').addColumn('service', 'text').execute();
  },
};

async function createProviders(db: Kysely<unknown>, forms: Forms): Promise<void> {
  await db.schema
    .createTable('provider')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('url', 'text', (column) => column.notNull())
    .addColumn('description', 'text', (column) => column.notNull())
    .addColumn('password_hash', 'text', (column) => column.notNull())
    .addColumn('email', 'text')
    .addColumn('email_key', 'text', (column) => column.unique())
    .execute();
  await forms
    .clustered(
      db.schema
        .createTable('provider_activation')
        .addColumn('key', forms.orderedText, (column) => column.notNull())
        .addColumn('provider', 'text', (column) => column.notNull())
        .addColumn('email', 'text', (column) => column.notNull())
        .addColumn('email_key', 'text', (column) => column.notNull())
        .addColumn('code', 'text', (column) => column.notNull())
        .addColumn('tries', 'integer', (column) => column.notNull())
        .addColumn('expires_at', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('provider_activation_key', ['key']),
    )
    .execute();
}

async function createServices(db: Kysely<unknown>, forms: Forms): Promise<void> {
  await db.schema
    .createTable('service')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('provider', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('name_key', forms.orderedText, (column) => column.notNull())
    .addColumn('summary', 'text', (column) => column.notNull())
    .addColumn('description', 'text', (column) => column.notNull())
    .addColumn('base_url', 'text', (column) => column.notNull())
    .addColumn('auth_tokens', 'text', (column) => column.notNull())
    .addColumn('public_keys', 'text', (column) => column.notNull())
    .addColumn('assets', 'text', (column) => column.notNull())
    .addColumn('tags', 'text', (column) => column.notNull())
    .addColumn('enabled', 'integer', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('service_by_provider').on('service').column('provider').execute();
  await db.schema.createIndex('service_by_name').on('service').columns(['name_key', 'id']).execute();
  await forms
    .clustered(
      db.schema
        .createTable('service_whitelist')
        .addColumn('team', forms.orderedText, (column) => column.notNull())
        .addColumn('service', forms.orderedText, (column) => column.notNull())
        .addPrimaryKeyConstraint('service_whitelist_key', ['team', 'service']),
    )
    .execute();
}

async function createBots(db: Kysely<unknown>, forms: Forms): Promise<void> {
  await forms
    .clustered(
      db.schema
        .createTable('bot')
        .addColumn('id', forms.orderedText, (column) => column.notNull())
        .addColumn('service', 'text', (column) => column.notNull())
        .addColumn('conversation', 'text', (column) => column.notNull())
        .addColumn('team', 'text')
        .addColumn('position', 'bigint', (column) => column.notNull())
        .addColumn('ended', 'integer', (column) => column.notNull())
        .addColumn('lease_owner', 'text')
        .addColumn('lease_until', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('bot_key', ['id']),
    )
    .execute();
  await db.schema.createIndex('bot_by_service').on('bot').column('service').execute();
}
