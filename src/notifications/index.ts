/**
 * Notifications: each client's durable event stream, and the WebSocket that carries it live.
 *
 * A push is rows in the streams of its recipients, written in the unit of work that caused it, and after the commit a
 * frame to each of their open sockets. What is not delivered live is fetched later by `since`. It must never know what
 * an event means, nor why somebody gets it.
 *
 * Start reading at `streams/pushes.ts` (how a push becomes rows), `streams/ticks.ts` (why a reader misses nothing) and
 * `sockets/client-socket.ts` (the states of a socket).
 */

import type { Push } from '#contract/events/push.ts';
import type { BackendDomain, ClientId, UserId } from '#contract/ids.ts';
import type { ServedRoute } from '#contract/route.ts';
import type { Storage, Work } from '#storage';
import { notificationRoutes } from './routes/notifications.ts';
import { defaultSettings, type NotificationSettings } from './settings.ts';
import { createRowInserts } from './streams/insert-rows.ts';
import { createNotificationIds } from './streams/notification-id.ts';
import { createPushes } from './streams/pushes.ts';
import { removeClientEvents, removeStream } from './streams/stream-store.ts';
import { createTicks } from './streams/ticks.ts';

export type { NotificationSettings } from './settings.ts';

/** What notifications needs of others. */
export interface NotificationNeeds {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  /** Told when a client fetches its notifications: it is in use. */
  readonly lastActive?: (user: UserId, client: ClientId) => Promise<void>;
  readonly settings?: Partial<NotificationSettings>;
  /** Unix time in milliseconds. */
  readonly now?: () => number;
}

export interface Notifications extends AsyncDisposable {
  /** Puts one event into the streams of its recipients and, after the commit, onto their sockets. */
  push(work: Work, push: Push): Promise<void>;
  /** Many at once, in order. All pushes of one unit of work are written by one or two statements. */
  pushMany(work: Work, pushes: readonly Push[]): Promise<void>;
  /** Takes away what is for this client alone. */
  removeClient(work: Work, user: UserId, client: ClientId): Promise<void>;
  /** Takes away the user's stream. */
  removeUser(work: Work, user: UserId): Promise<void>;
  /** For the client listener. */
  readonly routes: readonly ServedRoute[];
}

/** Opens notifications. */
export async function openNotifications(needs: NotificationNeeds): Promise<Notifications> {
  const { ownDomain, storage, lastActive, now = Date.now } = needs;
  const settings: NotificationSettings = { ...defaultSettings, ...needs.settings };
  const ids = createNotificationIds(ownDomain);
  const pushes = createPushes({
    ids,
    ticks: await createTicks(storage, now),
    inserts: createRowInserts(storage.dialect),
    nextTransientPosition: createCounter(now),
    deliver() {},
  });
  return {
    push: async (work, push) => pushes.push(work, [push]),
    pushMany: async (work, many) => pushes.push(work, many),
    removeClient: removeClientEvents,
    removeUser: removeStream,
    routes: notificationRoutes({
      reader: storage.reader,
      ids,
      lastActive,
      retentionSeconds: settings.retentionSeconds,
      now,
    }),
    async [Symbol.asyncDispose]() {},
  };
}

/** Times in microseconds that never repeat while this process runs. */
function createCounter(now: () => number): () => number {
  let last = 0;
  return () => {
    last = Math.max(now() * 1000, last + 1);
    return last;
  };
}
