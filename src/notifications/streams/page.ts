import type { ClientId, UserId } from '#contract/ids.ts';
import type { Reader } from '#storage';
import type { NotificationIds } from './notification-id.ts';
import { listEvents, type StoredEvent } from './stream-store.ts';

/** A page is cut when its events exceed this (reference client-api 6.1). */
const maxPageBytes = 5 * 1024 * 1024;

/** Rows in one read, so that a page of large events is not read whole before it is cut. */
const rowsPerRead = 500;

export interface PageRange {
  readonly user: UserId;
  readonly client: ClientId | undefined;
  readonly after: number;
  readonly until: number;
  readonly size: number;
}

export interface Page {
  readonly events: readonly StoredEvent[];
  readonly hasMore: boolean;
}

/** Up to `size` events after a position and up to another. At least one, however large, when there is one. */
export async function readPage(
  reader: Reader,
  { user, client, after, until, size }: PageRange,
): Promise<Page> {
  const events: StoredEvent[] = [];
  let bytes = 0;
  let last = after;
  for (;;) {
    // One more than is wanted: it tells whether there is more.
    const limit = Math.min(rowsPerRead, size + 1 - events.length);
    const rows = await listEvents(reader, user, client, { after: last, until, limit });
    for (const row of rows) {
      bytes += row.event.length;
      if (events.length === size || (bytes > maxPageBytes && events.length > 0))
        return { events, hasMore: true };
      events.push(row);
      last = row.position;
    }
    if (rows.length < limit) return { events, hasMore: false };
  }
}

/** `{"id": …, "payload": […]}`, spliced. */
export function notificationJson(ids: NotificationIds, { position, event }: StoredEvent): string {
  return `{"id":"${ids.idOf(position)}","payload":[${event}]}`;
}

/** The body of a list, in bytes. Events hold ASCII alone, so a byte is a character. */
export function pageBytes(ids: NotificationIds, { events, hasMore }: Page, now: number): Uint8Array {
  const list = events.map((event) => notificationJson(ids, event)).join(',');
  const time = new Date(now).toISOString();
  return Buffer.from(`{"notifications":[${list}],"has_more":${hasMore},"time":"${time}"}`, 'latin1');
}
