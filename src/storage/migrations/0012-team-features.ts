import type { Migration } from './index.ts';

/** Feature flags of teams that differ from the defaults. */
export const teamFeatures: Migration = {
  name: '0012-team-features',
  breaking: false,
  async up(db, forms) {
    await forms
      .clustered(
        db.schema
          .createTable('team_feature')
          .addColumn('team', forms.orderedText, (column) => column.notNull())
          .addColumn('feature', forms.orderedText, (column) => column.notNull())
          .addColumn('status', 'text', (column) => column.notNull())
          .addColumn('lock_status', 'text', (column) => column.notNull())
          .addColumn('config', 'text')
          .addPrimaryKeyConstraint('team_feature_key', ['team', 'feature']),
      )
      .execute();
  },
};
