import type { Migration } from './index.ts';

/** Services and devices of legal hold, which teams may have it, and members whose surroundings do not fit it yet. */
export const legalhold: Migration = {
  name: '0018-legalhold',
  breaking: false,
  async up(db, forms) {
    await forms
      .clustered(
        db.schema
          .createTable('legalhold_service')
          .addColumn('team', forms.orderedText, (column) => column.primaryKey().notNull())
          .addColumn('base_url', 'text', (column) => column.notNull())
          .addColumn('public_key', 'text', (column) => column.notNull())
          .addColumn('auth_token', 'text', (column) => column.notNull()),
      )
      .execute();
    await forms
      .clustered(
        db.schema
          .createTable('legalhold_listed_team')
          .addColumn('team', forms.orderedText, (column) => column.primaryKey().notNull()),
      )
      .execute();
    await forms
      .clustered(
        db.schema
          .createTable('legalhold_device')
          .addColumn('user_id', forms.orderedText, (column) => column.primaryKey().notNull())
          .addColumn('device', 'text', (column) => column.notNull()),
      )
      .execute();
    await forms
      .clustered(
        db.schema
          .createTable('legalhold_unsettled')
          .addColumn('user_id', forms.orderedText, (column) => column.primaryKey().notNull()),
      )
      .execute();
  },
};
