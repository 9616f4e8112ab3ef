/**
 * Notifications: each client's durable event stream, and the WebSocket that carries it live.
 *
 * A push is rows in the streams of its recipients, written in the unit of work that caused it, and after the commit a
 * frame to each of their open sockets. What is not delivered live is fetched later by `since`. It must never know what
 * an event means, nor why somebody gets it.
 *
 * Start reading at `streams/pushes.ts` (how a push becomes rows), `streams/ticks.ts` (why a reader misses nothing),
 * `sockets/client-socket.ts` (the states of a socket) and `consumers/consumer.ts` (how a client acknowledges).
 */

import { consumeEvents } from '#contract/client/consumable-notifications.ts';
import { awaitNotifications } from '#contract/client/notifications.ts';
import type { Push } from '#contract/events/push.ts';
import type { BackendDomain, ClientId, UserId } from '#contract/ids.ts';
import type { ServedRoute } from '#contract/route.ts';
import type { UpgradeRoute } from '#contract/upgrade.ts';
import type { Storage, Work } from '#storage';
import { type Bus, createInProcessBus } from './bus.ts';
import { beginQueue, endQueue } from './consumers/consumer-store.ts';
import { Consumers } from './consumers/consumers.ts';
import { type NativePush, NativePushes } from './push-tokens/native-push.ts';
import { removeTokens } from './push-tokens/token-store.ts';
import { notificationRoutes } from './routes/notifications.ts';
import { pushTokenRoutes } from './routes/push-tokens.ts';
import { defaultSettings, type NotificationSettings } from './settings.ts';
import { Sockets } from './sockets/sockets.ts';
import { CleanUp } from './streams/clean-up.ts';
import { createRowInserts } from './streams/insert-rows.ts';
import { createNotificationIds } from './streams/notification-id.ts';
import { createPushes, type Pushes } from './streams/pushes.ts';
import { listEvents, removeClientEvents, removeStream, type StoredEvent } from './streams/stream-store.ts';
import { createTicks } from './streams/ticks.ts';
import { type StreamWatcher, Watchers } from './streams/watchers.ts';
import { pushesCommitted } from './telemetry.ts';

export { type Bus, type BusMessage, createInProcessBus } from './bus.ts';
export type { Delivery } from './delivery.ts';
export { createLogNativePush, type NativeHint, type NativePush } from './push-tokens/native-push.ts';
export type { NotificationSettings } from './settings.ts';
export type { KeepAliveTimes } from './sockets/keep-alive.ts';
export { createNotificationIds, type NotificationIds } from './streams/notification-id.ts';
export type { StreamWatcher } from './streams/watchers.ts';

/** What notifications needs of others. */
export interface NotificationNeeds {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  /** Told when a client fetches its notifications: it is in use. */
  readonly lastActive?: (user: UserId, client: ClientId) => Promise<void>;
  /** To the other replicas; needed when there are several on one PostgreSQL. */
  readonly bus?: Bus;
  /** Where devices without an open socket are woken; nowhere when not given. */
  readonly nativePush?: NativePush;
  readonly settings?: Partial<NotificationSettings>;
  /** Unix time in milliseconds. */
  readonly now?: () => number;
}

/** Streams of users whose clients do not read them themselves. */
export interface Streams {
  /** At most `limit` events after a position, oldest first, whichever client they are for. */
  list(user: UserId, after: number, limit: number): Promise<readonly StoredEvent[]>;
  /** Hears of each commit of this process that has put something into streams. */
  watch(watcher: StreamWatcher): Disposable;
  remove(work: Work, user: UserId): Promise<void>;
}

export interface Notifications extends AsyncDisposable {
  /** Puts one event into the streams of its recipients and, after the commit, onto their sockets. */
  push(work: Work, push: Push): Promise<void>;
  /** Many at once, in order. All pushes of one unit of work are written by one or two statements. */
  pushMany(work: Work, pushes: readonly Push[]): Promise<void>;
  /** Keeps what comes from now on for a client until it acknowledges it. A queue that it has already goes on. */
  beginQueue(work: Work, user: UserId, client: ClientId): Promise<void>;
  /** The client does not acknowledge any more: it reads the stream like others. */
  endQueue(work: Work, user: UserId, client: ClientId): Promise<void>;
  /** Takes away what is for this client alone; after the commit its sockets close, behind what was pushed. */
  removeClient(work: Work, user: UserId, client: ClientId): Promise<void>;
  /** Takes away the user's stream and push tokens; after the commit the sockets close, behind what was pushed. */
  removeUser(work: Work, user: UserId): Promise<void>;
  readonly streams: Streams;
  /** For the client listener. */
  readonly routes: readonly ServedRoute[];
  readonly upgrades: readonly UpgradeRoute[];
  /**
   * Disposing it closes the sockets and refuses new ones. It comes before the end of the client listener, which waits
   * for them; pushes are still taken.
   */
  readonly sockets: AsyncDisposable;
}

/** Opens notifications. */
export async function openNotifications(needs: NotificationNeeds): Promise<Notifications> {
  const { ownDomain, storage, lastActive, nativePush, now = Date.now, bus = createInProcessBus() } = needs;
  const { reader } = storage;
  const settings: NotificationSettings = { ...defaultSettings, ...needs.settings };
  const { retentionSeconds, cleanUpIntervalMs: intervalMs } = settings;
  const ids = createNotificationIds(ownDomain);
  const ticks = await createTicks(storage, now);
  const owned = new AsyncDisposableStack();
  owned.use(new CleanUp({ storage, retentionSeconds, intervalMs, now }));
  /** What is older is as good as gone, whether or not the clean-up has come by. */
  const oldest = () => (now() - retentionSeconds * 1000) * 1000;
  const sockets = owned.use(new Sockets({ storage, ids, bus, settings }));
  const consumers = owned.use(new Consumers({ storage, ids, bus, settings, oldest, lastActive }));
  const hasSocket = (user: UserId, client: ClientId) =>
    sockets.hasSocket(user, client) || consumers.hasSocket(user, client);
  const hints = nativePush && owned.use(new NativePushes({ reader, nativePush, hasSocket }));
  const watchers = new Watchers();
  const pushes = createPushes({
    ids,
    ticks,
    inserts: createRowInserts(storage.dialect),
    nextTransientPosition: createCounter(now),
    deliver(deliveries) {
      pushesCommitted(deliveries);
      sockets.deliver(deliveries);
      consumers.deliver(deliveries);
      hints?.deliver(deliveries);
      watchers.deliver(deliveries);
    },
  });
  return {
    ...joinPushes(pushes, [sockets, consumers]),
    streams: {
      list: (user, after, limit) => listEvents(reader, user, undefined, { after, limit }),
      watch: (watcher) => watchers.add(watcher),
      remove: removeStream,
    },
    routes: [
      ...notificationRoutes({ reader, ids, lastActive, oldest, now }),
      ...pushTokenRoutes(storage, settings.pushApps),
    ],
    upgrades: [
      { ...awaitNotifications, take: (upgrade) => sockets.take(upgrade) },
      { ...consumeEvents, take: (upgrade) => consumers.take(upgrade) },
    ],
    sockets: {
      async [Symbol.asyncDispose]() {
        await Promise.all([sockets[Symbol.asyncDispose](), consumers[Symbol.asyncDispose]()]);
      },
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Who has sockets of users. */
interface OpenSockets {
  remove(user: UserId, client?: ClientId): void;
}

function joinPushes(
  pushes: Pushes,
  holders: readonly OpenSockets[],
): Pick<Notifications, 'push' | 'pushMany' | 'beginQueue' | 'endQueue' | 'removeClient' | 'removeUser'> {
  const closeAfter = (work: Work, user: UserId, client?: ClientId) =>
    pushes.afterDelivery(work, () => {
      for (const sockets of holders) sockets.remove(user, client);
    });
  return {
    beginQueue: (work, user, client) => beginQueue(work, { user, client }),
    endQueue: (work, user, client) => endQueue(work, user, client),
    push: async (work, push) => pushes.push(work, [push]),
    pushMany: async (work, many) => pushes.push(work, many),
    async removeClient(work, user, client) {
      await removeClientEvents(work, user, client);
      await endQueue(work, user, client);
      await removeTokens(work, user, client);
      closeAfter(work, user, client);
    },
    async removeUser(work, user) {
      await removeStream(work, user);
      await endQueue(work, user);
      await removeTokens(work, user);
      closeAfter(work, user);
    },
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
