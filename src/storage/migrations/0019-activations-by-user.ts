import type { Migration } from './index.ts';

/** Whose the pending activations are: a list of members shows them, and the end of an account removes them. */
export const activationsByUser: Migration = {
  name: '0019-activations-by-user',
  breaking: false,
  async up(db) {
    await db.schema.createIndex('activation_user').on('activation').column('user_id').execute();
  },
};
