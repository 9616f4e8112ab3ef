import { type Kysely, sql } from 'kysely';
import type { Forms } from './forms.ts';
import type { Migration } from './index.ts';

/** Conversations owned here with all their members, and which own users are in conversations owned elsewhere. */
export const conversations: Migration = {
  name: '0007-conversations',
  breaking: true,
  async up(db, forms) {
    await createConversation(db, forms);
    await createMember(db, forms);
    await createRemoteMembership(db, forms);
    await createCode(db, forms);
  },
};

async function createConversation(db: Kysely<unknown>, forms: Forms): Promise<void> {
  await forms
    .clustered(
      db.schema
        .createTable('conversation')
        .addColumn('id', forms.orderedText, (column) => column.notNull())
        .addColumn('version', 'bigint', (column) => column.notNull())
        .addColumn('type', 'integer', (column) => column.notNull())
        .addColumn('creator', 'text')
        .addColumn('access', 'text', (column) => column.notNull())
        .addColumn('access_roles', 'text', (column) => column.notNull())
        .addColumn('name', 'text')
        .addColumn('team', forms.orderedText)
        .addColumn('message_timer', 'bigint')
        .addColumn('receipt_mode', 'integer')
        .addColumn('protocol', 'text', (column) => column.notNull())
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addColumn('pending', 'integer', (column) => column.notNull())
        .addPrimaryKeyConstraint('conversation_key', ['id']),
    )
    .execute();
  await db.schema.createIndex('conversation_by_team').on('conversation').columns(['team', 'id']).execute();
  await sql`create index conversation_pending on conversation (created_at) where pending = 1`.execute(db);
}

async function createMember(db: Kysely<unknown>, forms: Forms): Promise<void> {
  await forms
    .clustered(
      db.schema
        .createTable('conversation_member')
        .addColumn('conversation_id', forms.orderedText, (column) => column.notNull())
        .addColumn('user_domain', forms.orderedText, (column) => column.notNull())
        .addColumn('user_id', forms.orderedText, (column) => column.notNull())
        .addColumn('role', 'text', (column) => column.notNull())
        .addColumn('muted_status', 'integer')
        .addColumn('muted_ref', 'text')
        .addColumn('archived', 'integer', (column) => column.notNull())
        .addColumn('archived_ref', 'text')
        .addColumn('hidden', 'integer', (column) => column.notNull())
        .addColumn('hidden_ref', 'text')
        .addPrimaryKeyConstraint('conversation_member_key', ['conversation_id', 'user_domain', 'user_id']),
    )
    .execute();
  await db.schema
    .createIndex('conversation_member_by_user')
    .on('conversation_member')
    .columns(['user_id', 'user_domain', 'conversation_id'])
    .execute();
}

async function createRemoteMembership(db: Kysely<unknown>, forms: Forms): Promise<void> {
  await forms
    .clustered(
      db.schema
        .createTable('remote_conversation_member')
        .addColumn('domain', forms.orderedText, (column) => column.notNull())
        .addColumn('conversation_id', forms.orderedText, (column) => column.notNull())
        .addColumn('user_id', forms.orderedText, (column) => column.notNull())
        .addColumn('stay', 'text', (column) => column.notNull())
        .addColumn('muted_status', 'integer')
        .addColumn('muted_ref', 'text')
        .addColumn('archived', 'integer', (column) => column.notNull())
        .addColumn('archived_ref', 'text')
        .addColumn('hidden', 'integer', (column) => column.notNull())
        .addColumn('hidden_ref', 'text')
        .addPrimaryKeyConstraint('remote_conversation_member_key', ['domain', 'conversation_id', 'user_id']),
    )
    .execute();
  await db.schema
    .createIndex('remote_conversation_member_by_user')
    .on('remote_conversation_member')
    .columns(['user_id', 'domain', 'conversation_id'])
    .execute();
}

async function createCode(db: Kysely<unknown>, forms: Forms): Promise<void> {
  await forms
    .clustered(
      db.schema
        .createTable('conversation_code')
        .addColumn('key', forms.orderedText, (column) => column.notNull())
        .addColumn('conversation_id', 'text', (column) => column.notNull())
        .addColumn('code', 'text', (column) => column.notNull())
        .addColumn('password_hash', 'text')
        .addColumn('expires_at', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('conversation_code_key', ['key']),
    )
    .execute();
}
