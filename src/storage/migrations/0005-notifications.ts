import { type Kysely, sql } from 'kysely';
import type { Forms } from './forms.ts';
import type { Migration } from './index.ts';

/** Users' event streams and the tokens of native push services. */
export const notifications: Migration = {
  name: '0005-notifications',
  breaking: true,
  async up(db, forms) {
    await createNotification(db, forms);
    await (forms.dialect === 'sqlite' ? createClock(db) : createTicks(db));
    await createPushToken(db, forms);
  },
};

async function createNotification(db: Kysely<unknown>, forms: Forms): Promise<void> {
  await forms
    .clustered(
      db.schema
        .createTable('notification')
        .addColumn('user_id', forms.orderedText, (column) => column.notNull())
        .addColumn('position', 'bigint', (column) => column.notNull())
        .addColumn('clients', 'text')
        .addColumn('origin', 'text')
        .addColumn('payload', 'text')
        .addPrimaryKeyConstraint('notification_key', ['user_id', 'position']),
    )
    .execute();
  await forms
    .clustered(
      db.schema
        .createTable('notification_payload')
        .addColumn('position', 'bigint', (column) => column.notNull())
        .addColumn('payload', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('notification_payload_key', ['position']),
    )
    .execute();
}

/** SQLite has one writer: positions come from its memory, and this row says where it goes on after a restart. */
async function createClock(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('notification_clock')
    .addColumn('id', 'integer', (column) => column.primaryKey().notNull())
    .addColumn('reserved_until', 'bigint', (column) => column.notNull())
    .execute();
  await sql`insert into notification_clock (id, reserved_until) values (1, 0)`.execute(db);
}

/**
 * PostgreSQL has many writers, and each sees the state of before its transaction. What they must agree on is in a
 * sequence, which no transaction isolates:
 *
 * 1. The locks of the streams, in order, until the end of the transaction: who comes later in a stream waits until
 *    those before have committed.
 * 2. `n` positions, above all that were ever given out and not below the caller's clock. Reading and setting the
 *    sequence is one step only under a lock of its own, which must be short: it belongs to the inner block, and
 *    leaving that block by an exception gives it back, while a sequence is never rolled back.
 */
async function createTicks(db: Kysely<unknown>): Promise<void> {
  await sql`create sequence notification_tick as bigint`.execute(db);
  await sql`
    create function notification_ticks(streams integer[], now bigint, n integer) returns bigint
    language plpgsql as $$
    declare
      stream integer;
      first bigint;
    begin
      foreach stream in array streams loop
        perform pg_advisory_xact_lock(1851749481, stream);
      end loop;
      begin
        perform pg_advisory_xact_lock(1851749482, 0);
        first := greatest(nextval('notification_tick'), now);
        perform setval('notification_tick', first + n - 1);
        raise exception using errcode = 'CW001';
      exception when sqlstate 'CW001' then
        null;
      end;
      return first;
    end $$`.execute(db);
}

async function createPushToken(db: Kysely<unknown>, forms: Forms): Promise<void> {
  await forms
    .clustered(
      db.schema
        .createTable('push_token')
        .addColumn('user_id', forms.orderedText, (column) => column.notNull())
        .addColumn('transport', 'text', (column) => column.notNull())
        .addColumn('app', 'text', (column) => column.notNull())
        .addColumn('token', 'text', (column) => column.notNull())
        .addColumn('client_id', 'text', (column) => column.notNull())
        .addPrimaryKeyConstraint('push_token_key', ['user_id', 'transport', 'app', 'token']),
    )
    .execute();
}
