import { Type } from 'typebox';
import { route } from '../route.ts';
import { ClientIdSchema, UtcMillis } from '../schema.ts';

/** Stored notifications and the live socket (reference client-api 6.1, 6.2). */

export const Notification = Type.Object({
  id: Type.String({ format: 'uuid', description: 'a version 1 UUID' }),
  payload: Type.Array(Type.Object({ type: Type.String() }), { minItems: 1 }),
});
export type Notification = Type.Static<typeof Notification>;

export const NotificationList = Type.Object({
  notifications: Type.Array(Notification),
  has_more: Type.Boolean(),
  time: UtcMillis,
});
export type NotificationList = Type.Static<typeof NotificationList>;

/** Answers are put together from stored JSON, as bytes. */
const NotificationBytes = Type.Unsafe<Uint8Array>(Notification);
const NotificationListBytes = Type.Unsafe<Uint8Array>(NotificationList);

export const pageSize = { min: 100, max: 10_000, standard: 1000 } as const;

const client = Type.Optional(ClientIdSchema);
const listQuery = {
  since: Type.Optional(Type.String({ description: 'id of the notification after which the page starts' })),
  client,
  size: Type.Optional(
    Type.String({
      pattern: '^[0-9]{1,5}$',
      description: `a number from ${pageSize.min} to ${pageSize.max}; ${pageSize.standard} when absent`,
    }),
  ),
};

export const getNotifications = route('GET', '/notifications', {
  about: 'A page of the stored notifications after `since`, oldest first. 404 when `since` is not stored.',
  auth: 'user',
  versions: [3],
  query: listQuery,
  answers: { 200: NotificationListBytes },
});

export const getNotificationsOrAll = route('GET', '/notifications', {
  about: 'A page of the stored notifications after `since`; with status 404 when `since` is not stored.',
  auth: 'user',
  versions: [0, 3],
  query: listQuery,
  answers: { 200: NotificationListBytes, 404: NotificationListBytes },
});

export const getLastNotification = route('GET', '/notifications/last', {
  about: 'The newest stored notification.',
  auth: 'user',
  query: { client },
  answers: { 200: NotificationBytes },
});

export const getNotification = route('GET', '/notifications/:id', {
  about: 'One stored notification.',
  auth: 'user',
  params: { id: Type.String({ description: 'a UUID' }) },
  query: { client },
  answers: { 200: NotificationBytes },
});

/** Answers only those who do not ask for an upgrade; the others never come to the routes. */
export const awaitNotifications = route('GET', '/await', {
  about:
    'Opens a WebSocket that gets each notification as a binary frame. `access_token` may be in the query.',
  auth: 'user',
  query: { client },
  answers: { 101: null },
});
