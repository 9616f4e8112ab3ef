import type { Migration } from './index.ts';

/** What is known of uploaded files. */
export const assets: Migration = {
  name: '0009-assets',
  breaking: true,
  async up(db, forms) {
    await forms
      .clustered(
        db.schema
          .createTable('asset')
          .addColumn('key', forms.orderedText, (column) => column.primaryKey().notNull())
          .addColumn('owner', 'text', (column) => column.notNull())
          .addColumn('token', 'text')
          .addColumn('size', 'bigint', (column) => column.notNull())
          .addColumn('md5', 'text', (column) => column.notNull())
          .addColumn('content_type', 'text', (column) => column.notNull())
          .addColumn('state', 'text', (column) => column.notNull())
          .addColumn('changed_at', 'bigint', (column) => column.notNull())
          .addColumn('expires_at', 'bigint'),
      )
      .execute();
    await db.schema.createIndex('asset_state').on('asset').columns(['state', 'changed_at']).execute();
    await db.schema.createIndex('asset_expiry').on('asset').column('expires_at').execute();
    await db.schema.createIndex('asset_owner').on('asset').column('owner').execute();
  },
};
