import type { Kysely } from 'kysely';
import type { Forms } from './forms.ts';
import type { Migration } from './index.ts';

/** Users' devices with their prekeys, and properties. */
export const devices: Migration = {
  name: '0003-devices',
  breaking: true,
  async up(db, forms) {
    await createClient(db, forms);
    await createPrekey(db, forms);
    await createProperty(db, forms);
  },
};

async function createClient(db: Kysely<unknown>, forms: Forms): Promise<void> {
  await forms
    .clustered(
      db.schema
        .createTable('client')
        .addColumn('user_id', 'text', (column) => column.notNull())
        .addColumn('id', 'text', (column) => column.notNull())
        .addColumn('type', 'text', (column) => column.notNull())
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addColumn('class', 'text')
        .addColumn('label', 'text')
        .addColumn('model', 'text')
        .addColumn('cookie', 'text')
        .addColumn('capabilities', 'text', (column) => column.notNull())
        .addColumn('mls_public_keys', 'text', (column) => column.notNull())
        .addColumn('last_active', 'bigint')
        .addPrimaryKeyConstraint('client_key', ['user_id', 'id']),
    )
    .execute();
}

async function createPrekey(db: Kysely<unknown>, forms: Forms): Promise<void> {
  await forms
    .clustered(
      db.schema
        .createTable('prekey')
        .addColumn('user_id', 'text', (column) => column.notNull())
        .addColumn('client_id', 'text', (column) => column.notNull())
        .addColumn('id', 'integer', (column) => column.notNull())
        .addColumn('key', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('prekey_key', ['user_id', 'client_id', 'id']),
    )
    .execute();
}

async function createProperty(db: Kysely<unknown>, forms: Forms): Promise<void> {
  await forms
    .clustered(
      db.schema
        .createTable('property')
        .addColumn('user_id', 'text', (column) => column.notNull())
        .addColumn('key', forms.orderedText, (column) => column.notNull())
        .addColumn('value', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('property_key', ['user_id', 'key']),
    )
    .execute();
}
