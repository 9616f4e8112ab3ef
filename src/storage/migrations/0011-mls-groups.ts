import type { Kysely } from 'kysely';
import type { Forms } from './forms.ts';
import type { Migration } from './index.ts';

/** MLS groups of the conversations owned here and of their subconversations, with the clients that are in them. */
export const mlsGroups: Migration = {
  name: '0011-mls-groups',
  breaking: true,
  async up(db, forms) {
    await createGroup(db, forms);
    await createLeaf(db, forms);
    await createProposal(db, forms);
  },
};

async function createGroup(db: Kysely<unknown>, forms: Forms): Promise<void> {
  await forms
    .clustered(
      db.schema
        .createTable('mls_group')
        .addColumn('conversation_id', forms.orderedText, (column) => column.notNull())
        .addColumn('subconversation_id', forms.orderedText, (column) => column.notNull())
        .addColumn('group_id', 'text', (column) => column.notNull())
        .addColumn('epoch', 'bigint', (column) => column.notNull())
        .addColumn('epoch_at', 'bigint')
        .addColumn('suite', 'integer')
        .addColumn('group_info', 'text')
        .addPrimaryKeyConstraint('mls_group_key', ['conversation_id', 'subconversation_id']),
    )
    .execute();
}

async function createLeaf(db: Kysely<unknown>, forms: Forms): Promise<void> {
  await forms
    .clustered(
      db.schema
        .createTable('mls_leaf')
        .addColumn('conversation_id', forms.orderedText, (column) => column.notNull())
        .addColumn('subconversation_id', forms.orderedText, (column) => column.notNull())
        .addColumn('leaf_index', 'bigint', (column) => column.notNull())
        .addColumn('user_domain', 'text', (column) => column.notNull())
        .addColumn('user_id', 'text', (column) => column.notNull())
        .addColumn('client_id', 'text', (column) => column.notNull())
        .addColumn('signature_key', 'text', (column) => column.notNull())
        .addColumn('removal_planned', 'integer', (column) => column.notNull())
        .addPrimaryKeyConstraint('mls_leaf_key', ['conversation_id', 'subconversation_id', 'leaf_index']),
    )
    .execute();
}

async function createProposal(db: Kysely<unknown>, forms: Forms): Promise<void> {
  await forms
    .clustered(
      db.schema
        .createTable('mls_proposal')
        .addColumn('conversation_id', forms.orderedText, (column) => column.notNull())
        .addColumn('subconversation_id', forms.orderedText, (column) => column.notNull())
        .addColumn('epoch', 'bigint', (column) => column.notNull())
        .addColumn('ref', forms.orderedText, (column) => column.notNull())
        .addColumn('origin', 'text', (column) => column.notNull())
        .addColumn('message', 'text', (column) => column.notNull())
        .addColumn('expires_at', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('mls_proposal_key', [
          'conversation_id',
          'subconversation_id',
          'epoch',
          'ref',
        ]),
    )
    .execute();
}
