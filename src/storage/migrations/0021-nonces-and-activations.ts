import type { Migration } from './index.ts';

/**
 * Nonces of clients; and whose the pending activations are: a list of members shows them, and the end of an account
 * removes them.
 */
export const noncesAndActivations: Migration = {
  name: '0021-nonces-and-activations',
  breaking: false,
  async up(db, forms) {
    await forms
      .clustered(
        db.schema
          .createTable('client_nonce')
          .addColumn('user_id', forms.orderedText, (column) => column.notNull())
          .addColumn('client_id', forms.orderedText, (column) => column.notNull())
          .addColumn('nonce', 'text', (column) => column.notNull())
          .addColumn('expires_at', 'bigint', (column) => column.notNull())
          .addPrimaryKeyConstraint('client_nonce_key', ['user_id', 'client_id']),
      )
      .execute();
    await db.schema.createIndex('activation_user').on('activation').column('user_id').execute();
  },
};
