import { sql } from 'kysely';
import type { Migration } from './index.ts';

/** How much each user keeps: what a quota is held against. */
export const assetUsage: Migration = {
  name: '0014-asset-usage',
  breaking: true,
  async up(db, forms) {
    await forms
      .clustered(
        db.schema
          .createTable('asset_usage')
          .addColumn('owner', forms.orderedText, (column) => column.primaryKey().notNull())
          .addColumn('bytes', 'bigint', (column) => column.notNull()),
      )
      .execute();
    await sql`
      insert into asset_usage (owner, bytes)
      select owner, sum(size) from asset where state in ('uploading', 'stored') group by owner
    `.execute(db);
  },
};
