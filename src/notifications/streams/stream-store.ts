import type { ClientId, UserId } from '#contract/ids.ts';
import { hotQuery, type Reader, type Work } from '#storage';
import type { EventJson } from './event-json.ts';

/** A notification as it is read back. */
export interface StoredEvent {
  readonly position: number;
  readonly event: EventJson;
}

/** The column's form of a list of clients; see `NotificationRow`. */
export function clientsText(clients: readonly ClientId[] | undefined): string | null {
  return clients === undefined ? null : ` ${clients.join(' ')} `;
}

function eventsOf(reader: Reader, user: string) {
  return reader
    .selectFrom('notification as n')
    .leftJoin('notification_payload as shared', (join) =>
      join.onRef('shared.position', '=', 'n.position').on('n.payload', 'is', null),
    )
    .select((column) => [
      'n.position as position',
      column.fn.coalesce('n.payload', 'shared.payload').as('event'),
    ])
    .where('n.user_id', '=', user);
}

type Events = ReturnType<typeof eventsOf>;

/** Those for everybody and those for this client. */
function forClient(events: Events, pattern: string): Events {
  return events.where((column) =>
    column.or([column('n.clients', 'is', null), column('n.clients', 'like', pattern)]),
  );
}

const pageOfUser = hotQuery((reader, user: string, after: number, limit: number) =>
  eventsOf(reader, user).where('n.position', '>', after).orderBy('n.position').limit(limit),
);
const pageOfClient = hotQuery(
  (reader, user: string, after: number, until: number, limit: number, pattern: string) =>
    forClient(eventsOf(reader, user), pattern)
      .where('n.position', '>', after)
      .where('n.position', '<=', until)
      .orderBy('n.position')
      .limit(limit),
);
const pageForAll = hotQuery((reader, user: string, after: number, limit: number) =>
  eventsOf(reader, user)
    .where('n.clients', 'is', null)
    .where('n.position', '>', after)
    .orderBy('n.position')
    .limit(limit),
);

/** The end of a range that goes on to the end of the stream. */
export const endless = Number.MAX_SAFE_INTEGER;

/** At most `limit` events after a position and, for a client, up to another, oldest first. */
export async function listEvents(
  reader: Reader,
  user: UserId,
  client: ClientId | undefined,
  range: { readonly after: number; readonly until?: number; readonly limit: number },
): Promise<readonly StoredEvent[]> {
  const { after, until = endless, limit } = range;
  const rows =
    client === undefined
      ? await pageOfUser(reader, user, after, limit)
      : await pageOfClient(reader, user, after, until, limit, `% ${client} %`);
  return rows as readonly StoredEvent[];
}

/** At most `limit` events that are for all clients, after a position, oldest first. */
export async function listEventsForAll(
  reader: Reader,
  user: UserId,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<readonly StoredEvent[]> {
  return (await pageForAll(reader, user, after, limit)) as readonly StoredEvent[];
}

/** The events of a client at these positions, oldest first. */
export async function listEventsAt(
  reader: Reader,
  user: UserId,
  client: ClientId,
  positions: readonly number[],
): Promise<readonly StoredEvent[]> {
  if (positions.length === 0) return [];
  return await forClient(eventsOf(reader, user), `% ${client} %`)
    .where('n.position', 'in', positions)
    .orderBy('n.position')
    .$castTo<StoredEvent>()
    .execute();
}

/** The newest event after a position and up to another. */
export async function findLastEvent(
  reader: Reader,
  user: UserId,
  client: ClientId | undefined,
  { after, until = endless }: { readonly after: number; readonly until?: number },
): Promise<StoredEvent | undefined> {
  const all = eventsOf(reader, user).where('n.position', '>', after).where('n.position', '<=', until);
  const row = await (client === undefined ? all : forClient(all, `% ${client} %`))
    .orderBy('n.position', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row as StoredEvent | undefined;
}

/** The event at exactly this position. */
export async function findEvent(
  reader: Reader,
  user: UserId,
  client: ClientId | undefined,
  position: number,
): Promise<StoredEvent | undefined> {
  const all = eventsOf(reader, user).where('n.position', '=', position);
  const row = await (client === undefined ? all : forClient(all, `% ${client} %`)).executeTakeFirst();
  return row as StoredEvent | undefined;
}

const exactPosition = hotQuery((reader, user: string, position: number) =>
  reader
    .selectFrom('notification')
    .select('position')
    .where('user_id', '=', user)
    .where('position', '=', position),
);

/** Whether the stream has a row at this position, for whichever client. */
export async function hasPosition(reader: Reader, user: UserId, position: number): Promise<boolean> {
  return (await exactPosition(reader, user, position)).length > 0;
}

/** Takes a user's whole stream away. */
export async function removeStream(work: Work, user: UserId): Promise<void> {
  await work.db.deleteFrom('notification').where('user_id', '=', user).execute();
}

/** Takes away what is for this client alone. */
export async function removeClientEvents(work: Work, user: UserId, client: ClientId): Promise<void> {
  await work.db
    .deleteFrom('notification')
    .where('user_id', '=', user)
    .where('clients', '=', clientsText([client]))
    .execute();
}
