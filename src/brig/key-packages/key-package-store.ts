import { type RawBuilder, sql } from 'kysely';
import type { ClientId, UserId } from '#contract/ids.ts';
import type { KeyPackageRow, Reader, Work } from '#storage';

/** Rows of key packages. */

/** Rows in one statement: far from SQLite's limit of variables. */
const rowsPerStatement = 500;

/** Which lifetimes hold at a moment. */
export interface LifetimeRule {
  readonly now: number;
  /** How far ahead the end may be; undefined: as far as it likes. */
  readonly maximumMs: number | undefined;
}

/** Adds key packages; one that is there already stays as it is. */
export async function putKeyPackages(work: Work, rows: readonly KeyPackageRow[]): Promise<void> {
  for (let start = 0; start < rows.length; start += rowsPerStatement) {
    await work.db
      .insertInto('key_package')
      .values(rows.slice(start, start + rowsPerStatement))
      .onConflict((conflict) => conflict.columns(['user_id', 'client_id', 'suite', 'ref']).doNothing())
      .execute();
  }
}

/** How many of a suite each client of a user has left, without those whose lifetime does not hold. */
export async function countKeyPackages(
  reader: Reader,
  users: readonly UserId[],
  suite: number,
  rule: LifetimeRule,
): Promise<readonly CountedClient[]> {
  const counted: CountedClient[] = [];
  for (let start = 0; start < users.length; start += rowsPerStatement) {
    const rows = await reader
      .selectFrom('key_package')
      .where('user_id', 'in', users.slice(start, start + rowsPerStatement))
      .where('suite', '=', suite)
      .groupBy(['user_id', 'client_id'])
      .select(({ fn }) => [
        'user_id',
        'client_id',
        sql<number>`sum(case when ${isDead(rule)} then 0 else 1 end)`.as('alive'),
        fn.countAll<number>().as('all'),
      ])
      .execute();
    for (const { user_id, client_id, alive, all } of rows) {
      counted.push({
        userId: user_id as UserId,
        clientId: client_id as ClientId,
        alive: Number(alive),
        dead: Number(all) - Number(alive),
      });
    }
  }
  return counted;
}

/** A client with how many key packages it has, by whether their lifetime holds. */
export interface CountedClient {
  readonly userId: UserId;
  readonly clientId: ClientId;
  readonly alive: number;
  readonly dead: number;
}

/** Removes those of the users' key packages of a suite whose lifetime does not hold. */
export async function removeDead(
  work: Work,
  users: readonly UserId[],
  suite: number,
  rule: LifetimeRule,
): Promise<void> {
  for (let start = 0; start < users.length; start += rowsPerStatement) {
    await work.db
      .deleteFrom('key_package')
      .where('user_id', 'in', users.slice(start, start + rowsPerStatement))
      .where('suite', '=', suite)
      .where(isDead(rule))
      .execute();
  }
}

function isDead({ now, maximumMs }: LifetimeRule): RawBuilder<boolean> {
  const tooLong = maximumMs === undefined ? sql`` : sql` or not_after > ${now + maximumMs}`;
  return sql<boolean>`(not_after <= ${now} or not_before > ${now}${tooLong})`;
}

export async function removeByReference(
  work: Work,
  { userId, clientId }: { readonly userId: UserId; readonly clientId: ClientId },
  suite: number,
  refs: readonly string[],
): Promise<void> {
  for (let start = 0; start < refs.length; start += rowsPerStatement) {
    await work.db
      .deleteFrom('key_package')
      .where('user_id', '=', userId)
      .where('client_id', '=', clientId)
      .where('suite', '=', suite)
      .where('ref', 'in', refs.slice(start, start + rowsPerStatement))
      .execute();
  }
}

/** Removes all key packages of clients, or only those of some suites. */
export async function removeKeyPackages(
  work: Work,
  userId: UserId,
  clientIds: readonly ClientId[],
  suites?: readonly number[],
): Promise<void> {
  const all = work.db
    .deleteFrom('key_package')
    .where('user_id', '=', userId)
    .where('client_id', 'in', clientIds);
  await (suites === undefined ? all : all.where('suite', 'in', suites)).execute();
}

/**
 * Takes one key package of a suite of each client of a user away for good; a client that has none is left out.
 *
 * Taking is one statement, which finds and deletes: of units of work that want the same row one gets it, and the
 * others are run again without it. So a key package that was handed out is gone before the answer leaves, whatever
 * happens after.
 *
 * @param pivot base64 like a reference: of each client the first reference from here on is taken, or the lowest when
 * there is none. Random, so that which one is taken is too, and claims at once seldom want the same.
 * @param except a client of whom none is taken.
 */
export async function takeKeyPackages(
  work: Work,
  { userId, suite, pivot, except }: Wanted,
): Promise<readonly KeyPackageRow[]> {
  const { rows } = await sql<KeyPackageRow>`
    with wanted (client_id) as (
      select id from client where user_id = ${userId} and id <> ${except ?? ''})
    delete from key_package where (user_id, client_id, suite, ref) in (
      select ${userId}, wanted.client_id, cast(${suite} as integer), coalesce(
        ${lowest(userId, suite, sql`and candidate.ref >= ${pivot}`)}, ${lowest(userId, suite, sql``)})
      from wanted)
    returning *`.execute(work.db);
  return rows;
}

export interface Wanted {
  readonly userId: UserId;
  readonly suite: number;
  readonly pivot: string;
  readonly except: ClientId | undefined;
}

/** The lowest reference of a wanted client: one step into the primary key. */
function lowest(userId: UserId, suite: number, from: RawBuilder<unknown>): RawBuilder<string> {
  return sql<string>`(
    select candidate.ref from key_package as candidate
    where candidate.user_id = ${userId} and candidate.client_id = wanted.client_id
      and candidate.suite = ${suite} ${from}
    order by candidate.ref limit 1)`;
}
