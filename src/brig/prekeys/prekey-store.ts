import { type RawBuilder, sql } from 'kysely';
import { lastResortPrekeyId, type Prekey } from '#contract/devices.ts';
import type { ClientId, UserId } from '#contract/ids.ts';
import type { PrekeyRow, Reader, Work } from '#storage';

/** A client and whose it is. */
export interface OwnedClient {
  readonly userId: UserId;
  readonly clientId: ClientId;
}

/** Rows and pairs in one statement: far from SQLite's limit of variables. */
const rowsPerStatement = 500;

/** Adds prekeys; one of the same id is replaced. */
export async function putPrekeys(
  work: Work,
  { userId, clientId }: OwnedClient,
  prekeys: readonly Prekey[],
): Promise<void> {
  // Of one id given twice the last counts, as if they had come one after the other.
  const byId = new Map(prekeys.map(({ id, key }) => [id, { user_id: userId, client_id: clientId, id, key }]));
  for (const rows of chunksOf([...byId.values()])) {
    await work.db
      .insertInto('prekey')
      .values([...rows])
      .onConflict((conflict) =>
        conflict
          .columns(['user_id', 'client_id', 'id'])
          .doUpdateSet((row) => ({ key: row.ref('excluded.key') })),
      )
      .execute();
  }
}

/** Ids of the prekeys that are left, the last-resort one included. */
export async function listPrekeyIds(
  reader: Reader,
  { userId, clientId }: OwnedClient,
): Promise<readonly number[]> {
  const rows = await reader
    .selectFrom('prekey')
    .select('id')
    .where('user_id', '=', userId)
    .where('client_id', '=', clientId)
    .orderBy('id')
    .execute();
  return rows.map(({ id }) => id);
}

export async function removePrekeys(
  work: Work,
  userId: UserId,
  clientIds: readonly ClientId[],
): Promise<void> {
  await work.db
    .deleteFrom('prekey')
    .where('user_id', '=', userId)
    .where('client_id', 'in', clientIds)
    .execute();
}

/**
 * Takes one prekey of each client away for good; of a client that has no other, reads the last-resort one. A client
 * without prekeys is left out.
 *
 * Taking is one statement, which finds and deletes: of units of work that want the same row one gets it, and the
 * others are run again without it. So a key that was handed out is gone before the answer leaves, whatever happens
 * after.
 *
 * @param fraction in [0, 1): which of a client's keys is taken, by the place of its id between the lowest and the
 * highest. Random, so that claims at once seldom want the same.
 */
export async function takePrekeys(
  work: Work,
  clients: readonly OwnedClient[],
  fraction: number,
): Promise<readonly PrekeyRow[]> {
  const taken: PrekeyRow[] = [];
  for (const chunk of chunksOf(clients)) {
    const oneTime = await takeOneTime(work, chunk, fraction);
    const served = new Set(oneTime.map(({ user_id, client_id }) => `${user_id} ${client_id}`));
    const rest = chunk.filter(({ userId, clientId }) => !served.has(`${userId} ${clientId}`));
    taken.push(...oneTime, ...(await readLastResort(work.reader, rest)));
  }
  return taken;
}

async function takeOneTime(
  work: Work,
  clients: readonly OwnedClient[],
  fraction: number,
): Promise<readonly PrekeyRow[]> {
  const { rows } = await sql<PrekeyRow>`
    with wanted (user_id, client_id) as (values ${pairs(clients)})
    delete from prekey where (user_id, client_id, id) in (
      select wanted.user_id, wanted.client_id, (
        select candidate.id from prekey as candidate
        where candidate.user_id = wanted.user_id and candidate.client_id = wanted.client_id
          and candidate.id < ${sql.lit(lastResortPrekeyId)}
          and candidate.id >= ${edge('asc')} + cast(cast(${fraction} as double precision) * (${edge('desc')} - ${edge('asc')}) as integer)
        order by candidate.id limit 1)
      from wanted)
    returning user_id, client_id, id, key`.execute(work.db);
  return rows;
}

/** The lowest or highest id of a wanted client's one-time keys: one step into the primary key. */
function edge(order: 'asc' | 'desc'): RawBuilder<number> {
  return sql<number>`(
    select edge.id from prekey as edge
    where edge.user_id = wanted.user_id and edge.client_id = wanted.client_id
      and edge.id < ${sql.lit(lastResortPrekeyId)}
    order by edge.id ${sql.raw(order)} limit 1)`;
}

async function readLastResort(
  reader: Reader,
  clients: readonly OwnedClient[],
): Promise<readonly PrekeyRow[]> {
  if (clients.length === 0) return [];
  return await reader
    .selectFrom('prekey')
    .selectAll()
    .where('id', '=', lastResortPrekeyId)
    .where(sql<boolean>`(user_id, client_id) in (values ${pairs(clients)})`)
    .execute();
}

function pairs(clients: readonly OwnedClient[]): RawBuilder<unknown> {
  return sql.join(clients.map(({ userId, clientId }) => sql`(${userId}, ${clientId})`));
}

function* chunksOf<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < all.length; start += rowsPerStatement) {
    yield all.slice(start, start + rowsPerStatement);
  }
}
