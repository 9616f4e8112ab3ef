import { consumeEvents } from '#contract/client/consumable-notifications.ts';
import * as contract from '#contract/client/notifications.ts';
import type { ClientId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { Reader } from '#storage';
import { findQueue } from '../consumers/consumer-store.ts';
import { isVersion1, type NotificationIds } from '../streams/notification-id.ts';
import { notificationJson, pageBytes, readPage } from '../streams/page.ts';
import { endless, findEvent, findLastEvent, hasPosition } from '../streams/stream-store.ts';

export interface NotificationRouteNeeds {
  readonly reader: Reader;
  readonly ids: NotificationIds;
  /** Told when a client has asked for its notifications. */
  readonly lastActive: ((user: UserId, client: ClientId) => Promise<void>) | undefined;
  /** What is not behind this position is hidden. */
  readonly oldest: () => number;
  readonly now: () => number;
}

interface ListRequest {
  readonly user: UserId;
  readonly client: ClientId | undefined;
  /** Position of a stored notification; undefined when `since` was given and is not stored. */
  readonly since: number | undefined;
  readonly size: number;
}

const jsonType = { 'content-type': 'application/json' } as const;

/** Reading one's stream (reference client-api 6.1). */
export function notificationRoutes(needs: NotificationRouteNeeds): readonly ServedRoute[] {
  const { reader, ids, oldest, now } = needs;
  const since = (text: string): number | undefined => {
    const position = ids.positionOf(text);
    return position !== undefined && position > oldest() ? position : undefined;
  };
  /** What comes later is in the client's queue, and in nothing else. */
  const endFor = async (user: UserId, client: ClientId | undefined) =>
    (client && (await findQueue(reader, { user, client }))?.beginsAfter) ?? endless;
  const list = async ({ user, client, since: position, size }: ListRequest) => {
    if (client !== undefined) await needs.lastActive?.(user, client);
    const range = { after: Math.max(position ?? 0, oldest()), until: await endFor(user, client) };
    return pageBytes(ids, await readPage(reader, { user, client, ...range, size }), now());
  };
  const isStored = async (user: UserId, position: number | undefined) =>
    position !== undefined && (await hasPosition(reader, user, position));

  return [
    handle(contract.getNotifications, async ({ user: { userId: user }, query }) => {
      const { client } = query;
      const size = parseSize(query.size);
      if (query.since === undefined) {
        const body = await list({ user, client, since: 0, size });
        return { status: 200, headers: jsonType, body };
      }
      if (!isVersion1(query.since)) throw refuse('bad-request', { message: 'Invalid Notification ID' });
      const position = since(query.since);
      if (!(await isStored(user, position))) throw refuse('not-found:notification');
      return { status: 200, headers: jsonType, body: await list({ user, client, since: position, size }) };
    }),
    handle(contract.getNotificationsOrAll, async ({ user: { userId: user }, query }) => {
      const { client } = query;
      const size = parseSize(query.size);
      const position = query.since === undefined ? 0 : since(query.since);
      const known = query.since === undefined || (await isStored(user, position));
      const body = await list({ user, client, since: known ? position : undefined, size });
      return { status: known ? 200 : 404, headers: jsonType, body };
    }),
    handle(contract.getLastNotification, async ({ user, query }) => {
      const range = { after: oldest(), until: await endFor(user.userId, query.client) };
      const found = await findLastEvent(reader, user.userId, query.client, range);
      if (found === undefined) throw refuse('not-found:notification');
      return { status: 200, headers: jsonType, body: Buffer.from(notificationJson(ids, found), 'latin1') };
    }),
    handle(contract.getNotification, async ({ user, params, query }) => {
      if (!isVersion1(params.id)) throw refuse('bad-request', { message: 'Invalid Notification ID' });
      const position = since(params.id);
      const found =
        position === undefined ? undefined : await findEvent(reader, user.userId, query.client, position);
      if (found === undefined) throw refuse('not-found:notification');
      return { status: 200, headers: jsonType, body: Buffer.from(notificationJson(ids, found), 'latin1') };
    }),
    handle(contract.awaitNotifications, refuseWithoutUpgrade),
    handle(consumeEvents, refuseWithoutUpgrade),
  ];
}

function refuseWithoutUpgrade(): never {
  throw refuse('upgrade-required', { headers: { upgrade: 'websocket', connection: 'upgrade' } });
}

function parseSize(text: string | undefined): number {
  const { min, max, standard } = contract.pageSize;
  const size = text === undefined ? standard : Number(text);
  if (size < min || size > max) {
    throw refuse('bad-request', {
      message: `query.size: found ${text}, expected a number from ${min} to ${max}`,
    });
  }
  return size;
}
