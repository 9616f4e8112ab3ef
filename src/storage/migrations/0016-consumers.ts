import type { Migration } from './index.ts';

/** How far clients have acknowledged what is in their streams. */
export const consumers: Migration = {
  name: '0016-consumers',
  // Whoever cleans streams up without knowing them lets them miss events unseen.
  breaking: true,
  async up(db, forms) {
    await forms
      .clustered(
        db.schema
          .createTable('consumer')
          .addColumn('user_id', forms.orderedText, (column) => column.notNull())
          .addColumn('client_id', 'text', (column) => column.notNull())
          .addColumn('begins_after', 'bigint', (column) => column.notNull())
          .addColumn('position', 'bigint', (column) => column.notNull())
          .addColumn('holes', 'text', (column) => column.notNull())
          .addColumn('missed', 'integer', (column) => column.notNull())
          .addPrimaryKeyConstraint('consumer_key', ['user_id', 'client_id']),
      )
      .execute();
  },
};
