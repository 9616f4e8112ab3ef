import type { Kysely } from 'kysely';
import type { Forms } from './forms.ts';
import type { Migration } from './index.ts';

/** MLS key packages of users' devices. */
export const keyPackages: Migration = {
  name: '0010-key-packages',
  breaking: true,
  async up(db, forms) {
    await createKeyPackage(db, forms);
  },
};

/** The references of a client and suite stand in order, so that any of them is found by one step into the key. */
async function createKeyPackage(db: Kysely<unknown>, forms: Forms): Promise<void> {
  await forms
    .clustered(
      db.schema
        .createTable('key_package')
        .addColumn('user_id', 'text', (column) => column.notNull())
        .addColumn('client_id', 'text', (column) => column.notNull())
        .addColumn('suite', 'integer', (column) => column.notNull())
        .addColumn('ref', forms.orderedText, (column) => column.notNull())
        .addColumn('key_package', 'text', (column) => column.notNull())
        .addColumn('not_before', 'bigint', (column) => column.notNull())
        .addColumn('not_after', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('key_package_key', ['user_id', 'client_id', 'suite', 'ref']),
    )
    .execute();
}
