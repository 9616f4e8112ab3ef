import { type Kysely, sql } from 'kysely';
import type { Forms } from './forms.ts';
import type { Migration } from './index.ts';

/** Teams, who is in them with which permissions, who is invited, and which teams everybody may search. */
export const teams: Migration = {
  name: '0015-teams',
  // A process that does not know of it would make teams without members.
  breaking: true,
  async up(db, forms) {
    await createTeam(db, forms);
    await createTeamMember(db, forms);
    await createTeamInvitation(db, forms);
    await createTeamNotification(db, forms);
    await createSearchableTeam(db, forms);
    await takeOverFounders(db);
  },
};

async function createTeam(db: Kysely<unknown>, forms: Forms): Promise<void> {
  await forms
    .clustered(
      db.schema
        .createTable('team')
        .addColumn('id', forms.orderedText, (column) => column.primaryKey().notNull())
        .addColumn('creator', 'text', (column) => column.notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('icon', 'text', (column) => column.notNull())
        .addColumn('icon_key', 'text')
        .addColumn('splash_screen', 'text', (column) => column.notNull())
        .addColumn('search_visibility', 'text', (column) => column.notNull())
        .addColumn('deleted_by', 'text'),
    )
    .execute();
  await db.schema
    .createIndex('team_deleted')
    .on('team')
    .column('id')
    .where(sql.ref('deleted_by'), 'is not', null)
    .execute();
}

async function createTeamMember(db: Kysely<unknown>, forms: Forms): Promise<void> {
  await forms
    .clustered(
      db.schema
        .createTable('team_member')
        .addColumn('team', forms.orderedText, (column) => column.notNull())
        .addColumn('user_id', forms.orderedText, (column) => column.notNull())
        .addColumn('permissions', 'integer', (column) => column.notNull())
        .addColumn('copy_permissions', 'integer', (column) => column.notNull())
        .addColumn('created_by', 'text')
        .addColumn('created_at', 'bigint')
        .addColumn('legalhold_status', 'text', (column) => column.notNull().defaultTo('no_consent'))
        .addPrimaryKeyConstraint('team_member_key', ['team', 'user_id']),
    )
    .execute();
  await db.schema.createIndex('team_member_user').on('team_member').column('user_id').unique().execute();
  await db.schema
    .createIndex('team_member_role')
    .on('team_member')
    .columns(['team', 'permissions'])
    .execute();
}

async function createTeamInvitation(db: Kysely<unknown>, forms: Forms): Promise<void> {
  await forms
    .clustered(
      db.schema
        .createTable('team_invitation')
        .addColumn('team', forms.orderedText, (column) => column.notNull())
        .addColumn('id', forms.orderedText, (column) => column.notNull())
        .addColumn('code', 'text', (column) => column.notNull().unique())
        .addColumn('email', 'text', (column) => column.notNull())
        .addColumn('email_key', 'text', (column) => column.notNull())
        .addColumn('name', 'text')
        .addColumn('role', 'text', (column) => column.notNull())
        .addColumn('created_by', 'text', (column) => column.notNull())
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addColumn('expires_at', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('team_invitation_key', ['team', 'id']),
    )
    .execute();
  await db.schema.createIndex('team_invitation_email').on('team_invitation').column('email_key').execute();
}

async function createTeamNotification(db: Kysely<unknown>, forms: Forms): Promise<void> {
  await forms
    .clustered(
      db.schema
        .createTable('team_notification')
        .addColumn('team', forms.orderedText, (column) => column.notNull())
        .addColumn('at', 'bigint', (column) => column.notNull())
        .addColumn('event', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('team_notification_key', ['team', 'at']),
    )
    .execute();
}

async function createSearchableTeam(db: Kysely<unknown>, forms: Forms): Promise<void> {
  await forms
    .clustered(
      db.schema
        .createTable('searchable_team')
        .addColumn('team', forms.orderedText, (column) => column.primaryKey().notNull()),
    )
    .execute();
}

/**
 * Until now only founding a team led into one, and its name was not kept: each gets its founder's. Flags that make
 * members searchable had no effect; they now have.
 */
async function takeOverFounders(db: Kysely<unknown>): Promise<void> {
  await sql`
    insert into team (id, creator, name, icon, splash_screen, search_visibility)
    select team, min(id), min(name), 'default', 'default', 'standard' from account
    where team is not null and status <> 'deleted' group by team
  `.execute(db);
  await sql`
    insert into team_member (team, user_id, permissions, copy_permissions)
    select team, id, 8191, 8191 from account where team is not null and status <> 'deleted'
  `.execute(db);
  await sql`
    insert into searchable_team (team)
    select team from team_feature where feature = 'searchVisibilityInbound' and status = 'enabled'
  `.execute(db);
  // A term is `<kind>:team-<36 characters>: <text>`.
  await sql`
    insert into search_term (term, user_id)
    select substr(term, 1, 2) || 'open' || substr(term, 44), user_id from search_term
    where user_id in (
      select id from account where team in (select team from searchable_team) and status = 'active'
    )
  `.execute(db);
}
