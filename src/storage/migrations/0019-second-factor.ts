import type { Migration } from './index.ts';

/** Mailed codes that stand beside a password. */
export const secondFactor: Migration = {
  name: '0019-second-factor',
  breaking: false,
  async up(db, forms) {
    await forms
      .clustered(
        db.schema
          .createTable('verification_code')
          .addColumn('user_id', forms.orderedText, (column) => column.notNull())
          .addColumn('action', forms.orderedText, (column) => column.notNull())
          .addColumn('code', 'text', (column) => column.notNull())
          .addColumn('tries', 'integer', (column) => column.notNull())
          .addColumn('sent_at', 'bigint', (column) => column.notNull())
          .addColumn('expires_at', 'bigint', (column) => column.notNull())
          .addPrimaryKeyConstraint('verification_code_key', ['user_id', 'action']),
      )
      .execute();
  },
};
